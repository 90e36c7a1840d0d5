package vcard

import "unicode/utf8"

// maxLine is the number of octets of a line, without its end, that fold keeps to.
const maxLine = 75

// Append appends the card to dst, with the properties in their order and each
// value as it stands. A card of version 2.1 becomes one of version 3.0, which
// is what its values are in already.
func (c *Card) Append(dst []byte) []byte {
	version := c.Version
	if version == "2.1" || version == "" {
		version = V3
	}
	dst = append(dst, "BEGIN:VCARD\r\n"...)
	dst = appendLine(dst, &Property{Name: "VERSION", Value: version})
	for i := range c.Properties {
		dst = appendLine(dst, &c.Properties[i])
	}
	return append(dst, "END:VCARD\r\n"...)
}

// appendLine appends a content line, folded.
func appendLine(b []byte, p *Property) []byte {
	start := len(b)
	if p.Group != "" {
		b = append(append(b, p.Group...), '.')
	}
	b = append(b, p.Name...)
	for i := range p.Params {
		b = appendParam(appendParamName(b, p.Params, i), p.Params[i].Value)
	}
	b = append(append(b, ':'), p.Value...)
	return fold(b, start)
}

// appendParamName appends what stands before the value of params[i]. Values of
// one name become a list, but not those in quotes: there are programs that
// cannot read such a list.
func appendParamName(b []byte, params []Param, i int) []byte {
	q := &params[i]
	if i > 0 && params[i-1].Name == q.Name && isPlain(q.Value) && isPlain(params[i-1].Value) {
		return append(b, ',')
	}
	return append(append(append(b, ';'), q.Name...), '=')
}

// fold ends the line that begins at start and breaks it into pieces of at most
// 75 octets, between characters.
func fold(b []byte, start int) []byte {
	if len(b)-start <= maxLine {
		return append(b, '\r', '\n')
	}
	// Where to break, from the first break on; then move the pieces, from the
	// last one back, to where they belong.
	var few [32]int
	breaks := few[:0]
	for at := start + maxLine; ; at += maxLine - 1 {
		for back := 0; back < utf8.UTFMax-1 && !utf8.RuneStart(b[at]); back++ {
			at--
		}
		breaks = append(breaks, at)
		if len(b)-at <= maxLine-1 {
			break
		}
	}
	end := len(b)
	for range breaks {
		b = append(b, "\r\n "...)
	}
	for i := len(breaks) - 1; i >= 0; i-- {
		shift := 3 * (i + 1)
		copy(b[breaks[i]+shift:], b[breaks[i]:end])
		copy(b[breaks[i]+shift-3:], "\r\n ")
		end = breaks[i]
	}
	return append(b, '\r', '\n')
}
