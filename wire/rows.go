package wire

import "contacts"

// The rows that tables are made of, each with all that it does in every format.

// text is a simple element that holds a text and may occur once. Unknown parts
// of it go to the Extra around it.
func text[T any](tag byte, full string, get func(*T) *string) elem[T] {
	return simple(full, &shape[T]{text: &content[T]{tag: tag, str: get}})
}

// simple is an element that may occur once and whose attributes and text are
// fields of T itself. Unknown parts of it go to the Extra around it.
func simple[T any](full string, s *shape[T]) elem[T] {
	name := nameOf(full)
	s.build()
	el := elem[T]{
		name: name, shown: classAll, inner: s.outline(),
		xml: func(b []byte, t *T, e *Encoder, ex contacts.Extra) []byte {
			if s.isEmpty(t) {
				return b
			}
			return s.appendXML(b, &name, t, e, nil, find(ex, full))
		},
		json: func(b []byte, t *T, e *Encoder, ex contacts.Extra) []byte {
			if s.isEmpty(t) {
				return b
			}
			b = append(b, name.json...)
			b = s.appendJSON(b, t, e, nil, find(ex, full))
			return append(b, ',')
		},
		parse: func(p *parser, t *T, ex *contacts.Extra) error {
			return in(s.parse(p, t, ex, full), full)
		},
		fields: s.stored,
	}
	switch {
	case s.text != nil && len(s.attrs) <= 1:
		el.str, el.plain = s.textAt, true
		for _, a := range s.attrs {
			el.attr = a.str
		}
	case s.text == nil && len(s.attrs) == 1:
		el.str = s.attrs[0].str
	}
	return el
}

// one is an element that may occur once and has a struct of its own. It is
// left out when it has nothing to show.
func one[T, U any](tag byte, full string, get func(*T) *U, s *shape[U]) elem[T] {
	name, at := nameOf(full), placeOf(get)
	empty := len(name.open) + len("/>")
	return elem[T]{
		name: name, shown: classAll, inner: s.outline(),
		xml: func(b []byte, t *T, e *Encoder, _ contacts.Extra) []byte {
			u, n := at.of(t), len(b)
			ex := *s.extraAt.of(u)
			if len(ex) == 0 && len(s.elems) == 0 && s.isEmpty(u) {
				return b
			}
			b = s.appendXML(b, &name, u, e, ex, find(ex, ""))
			if len(b) == n+empty {
				return b[:n]
			}
			return b
		},
		json: func(b []byte, t *T, e *Encoder, _ contacts.Extra) []byte {
			u, n := at.of(t), len(b)
			ex := *s.extraAt.of(u)
			if len(ex) == 0 && len(s.elems) == 0 && s.isEmpty(u) {
				return b
			}
			b = append(b, name.json...)
			b = s.appendJSON(b, u, e, ex, find(ex, ""))
			if len(b) == n+len(name.json)+len("{}") {
				return b[:n]
			}
			return append(b, ',')
		},
		parse: func(p *parser, t *T, _ *contacts.Extra) error {
			u := at.of(t)
			return in(s.parse(p, u, s.extraAt.of(u), ""), full)
		},
		fields: []field[T]{{
			tag: tag,
			write: func(b []byte, t *T) []byte {
				n := len(b)
				b = s.appendStored(append(b, tag), at.of(t))
				if len(b) == n+2 {
					return b[:n]
				}
				return b
			},
			read:  func(r *reader, t *T) { s.readFields(r, at.of(t)) },
			reset: func(t *T) { s.reset(at.of(t)) },
		}},
	}
}

// many is an element that may repeat, with a struct for each. A tag of 0 means
// that another row stores them.
func many[T, U any](tag byte, full string, get func(*T) *[]U, s *shape[U]) elem[T] {
	return manyOf(tag, full, get, s, nil)
}

// manyOf is many, showing only some of the structs; nil shows all.
func manyOf[T, U any](tag byte, full string, get func(*T) *[]U, s *shape[U], shown func(*Encoder, *U) bool) elem[T] {
	name, at := nameOf(full), placeOf(get)
	el := elem[T]{
		name: name, shown: classAll, repeats: true, inner: s.outline(),
		xml: func(b []byte, t *T, e *Encoder, _ contacts.Extra) []byte {
			us := *at.of(t)
			for i := range us {
				if u := &us[i]; shown == nil || shown(e, u) {
					ex := *s.extraAt.of(u)
					b = s.appendXML(b, &name, u, e, ex, find(ex, ""))
				}
			}
			return b
		},
		json: func(b []byte, t *T, e *Encoder, _ contacts.Extra) []byte {
			us := *at.of(t)
			n := len(b)
			for i := range us {
				if u := &us[i]; shown == nil || shown(e, u) {
					if len(b) == n {
						b = append(append(b, name.json...), '[')
					}
					ex := *s.extraAt.of(u)
					b = s.appendJSON(b, u, e, ex, find(ex, ""))
					b = append(b, ',')
				}
			}
			if len(b) == n {
				return b
			}
			b[len(b)-1] = ']'
			return append(b, ',')
		},
		parse: func(p *parser, t *T, _ *contacts.Extra) error {
			us := at.of(t)
			n := len(*us)
			var zero U
			*us = append(*us, zero)
			u := &(*us)[n]
			err := s.parse(p, u, s.extraAt.of(u), "")
			if err == errEmpty {
				*us, err = (*us)[:n], nil // ELEM-77
				if n == 0 {
					*us = nil
				}
			}
			return inItem(err, full, n)
		},
	}
	if tag != 0 {
		el.fields = []field[T]{keepMany(tag, get, s)}
	}
	return el
}

// grow appends a zero struct, reusing what the slice had there before.
func grow[U any](us *[]U, s *shape[U]) *U {
	n := len(*us)
	var zero U
	if n == cap(*us) {
		*us = append(*us, zero)
		return &(*us)[n]
	}
	*us = (*us)[:n+1]
	u := &(*us)[n]
	if !s.extraAt.set {
		*u = zero
		return u
	}
	ex := (*s.extraAt.of(u))[:0]
	*u = zero
	*s.extraAt.of(u) = ex
	return u
}

// list is an element that may repeat and holds a text. The In of its unknown
// parts has the text in brackets.
func list[T any](tag byte, full string, get func(*T) *[]string) elem[T] {
	name, at := nameOf(full), placeOf(get)
	s := makeShape(shape[string]{text: &content[string]{str: func(s *string) *string { return s }}})
	place := func(s string) string { return full + "[" + s + "]" }
	return elem[T]{
		name: name, shown: classAll, repeats: true, inner: s.outline(),
		xml: func(b []byte, t *T, e *Encoder, ex contacts.Extra) []byte {
			ss := *at.of(t)
			for i := range ss {
				var u *contacts.Unknown
				if len(ex) != 0 {
					u = find(ex, place(ss[i]))
				}
				b = s.appendXML(b, &name, &ss[i], e, nil, u)
			}
			return b
		},
		json: func(b []byte, t *T, e *Encoder, ex contacts.Extra) []byte {
			ss := *at.of(t)
			if len(ss) == 0 {
				return b
			}
			b = append(append(b, name.json...), '[')
			for i := range ss {
				var u *contacts.Unknown
				if len(ex) != 0 {
					u = find(ex, place(ss[i]))
				}
				b = s.appendJSON(b, &ss[i], e, nil, u)
				b = append(b, ',')
			}
			b[len(b)-1] = ']'
			return append(b, ',')
		},
		parse: func(p *parser, t *T, ex *contacts.Extra) error {
			var v string
			var own contacts.Extra
			if err := s.parse(p, &v, &own, ""); err != nil {
				return inItem(err, full, len(*at.of(t)))
			}
			if v != "" { // ELEM-77
				ss := at.of(t)
				*ss = append(*ss, v)
				adopt(ex, own, place(v))
			}
			return nil
		},
		fields: []field[T]{{
			tag: tag,
			write: func(b []byte, t *T) []byte {
				for _, s := range *at.of(t) {
					b = appendStoredString(append(b, tag), s)
				}
				return b
			},
			read:  func(r *reader, t *T) { ss := at.of(t); *ss = append(*ss, r.str()) },
			reset: func(t *T) { ss := at.of(t); *ss = (*ss)[:0] },
		}},
	}
}

// keep is a text that only the stored form has.
func keep[T any](tag byte, get func(*T) *string) field[T] {
	return field[T]{tag: tag, str: placeOf(get)}
}

// keepFlag is a mark that only the stored form has.
func keepFlag[T any](tag byte, get func(*T) *bool) field[T] {
	return field[T]{tag: tag, flag: placeOf(get)}
}

// keepNumber is a number that only the stored form has.
func keepNumber[T any, N ~int64 | ~uint64](tag byte, get func(*T) *N) field[T] {
	at := placeOf(get)
	return field[T]{
		tag: tag,
		write: func(b []byte, t *T) []byte {
			if n := *at.of(t); n != 0 {
				return appendUvarint(append(b, tag), uint64(n))
			}
			return b
		},
		read:  func(r *reader, t *T) { *at.of(t) = N(r.uvarint()) },
		reset: func(t *T) { *at.of(t) = 0 },
	}
}

// keepMany is a list of structs in the stored form.
func keepMany[T, U any](tag byte, get func(*T) *[]U, s *shape[U]) field[T] {
	at := placeOf(get)
	return field[T]{
		tag: tag,
		write: func(b []byte, t *T) []byte {
			us := *at.of(t)
			for i := range us {
				b = s.appendStored(append(b, tag), &us[i])
			}
			return b
		},
		read:  func(r *reader, t *T) { s.readFields(r, grow(at.of(t), s)) },
		reset: func(t *T) { us := at.of(t); *us = (*us)[:0] },
	}
}

// keepExtra is the list of unknown parts. Their table is looked up when it is
// needed, because it may be made after this one.
func keepExtra[T any](tag byte, get func(*T) *contacts.Extra) field[T] {
	at := placeOf(get)
	return field[T]{
		tag: tag,
		write: func(b []byte, t *T) []byte {
			ex := *at.of(t)
			for i := range ex {
				b = unknown.appendStored(append(b, tag), &ex[i])
			}
			return b
		},
		read: func(r *reader, t *T) {
			unknown.readFields(r, grow((*[]contacts.Unknown)(at.of(t)), unknown))
		},
		reset: func(t *T) { ex := at.of(t); *ex = (*ex)[:0] },
	}
}
