package auth

import (
	"io"

	"github.com/mojocn/base64Captcha"
)

// drawDigits writes a PNG of digits that is hard to read for programs. Every
// picture of the same digits is another.
func drawDigits(w io.Writer, digits string) error {
	const height, width, skew, dots = 80, 240, 0.7, 80
	item, err := base64Captcha.NewDriverDigit(height, width, len(digits), skew, dots).DrawCaptcha(digits)
	if err != nil {
		return err
	}
	_, err = item.WriteTo(w)
	return err
}
