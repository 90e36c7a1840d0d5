package auth

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// The size of a captcha in pixels.
const (
	pictureHeight = 80
	digitSize     = 52
	digitAdvance  = 37 // from one digit to the next
	pictureMargin = 20
)

// captchaFont is read when the first captcha is drawn.
var captchaFont = sync.OnceValues(func() (*sfnt.Font, error) { return sfnt.Parse(gobold.TTF) })

// drawDigits writes a PNG of digits that is hard to read for programs: turned,
// bent and crossed by lines, each time in another way.
func drawDigits(w io.Writer, digits string) error {
	font, err := captchaFont()
	if err != nil {
		return err
	}
	width := 2*pictureMargin + digitAdvance*len(digits)
	bend := newBend()
	ink := vector.NewRasterizer(width, pictureHeight)
	var buf sfnt.Buffer
	for i, digit := range digits {
		index, err := font.GlyphIndex(&buf, digit)
		if err != nil {
			return err
		}
		outline, err := font.LoadGlyph(&buf, index, fixed.I(digitSize), nil)
		if err != nil {
			return err
		}
		drawOutline(ink, outline, bend.turned(
			float64(pictureMargin+i*digitAdvance)+rand.Float64()*5,
			pictureHeight*0.72+rand.Float64()*10-5,
			(rand.Float64()-0.5)*0.7))
	}
	picture := image.NewGray(image.Rect(0, 0, width, pictureHeight))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	black := image.NewUniform(color.Gray{Y: 40})
	ink.Draw(picture, picture.Bounds(), black, image.Point{})
	ink.Reset(width, pictureHeight)
	for range 4 {
		drawLine(ink, float32(width))
	}
	ink.Draw(picture, picture.Bounds(), black, image.Point{})
	return png.Encode(w, picture)
}

// A bend moves every point of a picture a little along two waves.
type bend struct{ height, length, phase float64 }

func newBend() bend {
	return bend{height: 2 + rand.Float64()*3, length: 40 + rand.Float64()*30, phase: rand.Float64() * 2 * math.Pi}
}

// turned places the points of a glyph at x, y, turned by an angle and bent.
func (b bend) turned(x, y, angle float64) func(fixed.Point26_6) (float32, float32) {
	sin, cos := math.Sincos(angle)
	return func(p fixed.Point26_6) (float32, float32) {
		px, py := float64(p.X)/64, float64(p.Y)/64
		px, py = x+px*cos-py*sin, y+px*sin+py*cos
		return float32(px + b.height*math.Sin(py*2*math.Pi/b.length+b.phase)),
			float32(py + b.height*math.Sin(px*2*math.Pi/b.length+b.phase))
	}
}

func drawOutline(ink *vector.Rasterizer, outline sfnt.Segments, at func(fixed.Point26_6) (float32, float32)) {
	for _, s := range outline {
		x0, y0 := at(s.Args[0])
		x1, y1 := at(s.Args[1])
		x2, y2 := at(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			ink.ClosePath()
			ink.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			ink.LineTo(x0, y0)
		case sfnt.SegmentOpQuadTo:
			ink.QuadTo(x0, y0, x1, y1)
		case sfnt.SegmentOpCubeTo:
			ink.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	ink.ClosePath()
}

// drawLine draws a thin curve from the left edge to the right one.
func drawLine(ink *vector.Rasterizer, width float32) {
	const thick = 2
	left, middle, right := rand.Float32()*pictureHeight, rand.Float32()*pictureHeight, rand.Float32()*pictureHeight
	ink.MoveTo(0, left)
	ink.QuadTo(width/2, middle, width, right)
	ink.LineTo(width, right+thick)
	ink.QuadTo(width/2, middle+thick, 0, left+thick)
	ink.ClosePath()
}
