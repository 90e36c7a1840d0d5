package wire

import (
	"reflect"
	"strings"
)

// detach gives what was read from a page texts of its own, because those of the
// parser are parts of the page: whoever kept one of them, such as an ETag, would
// keep the whole page in memory.
func (r *Received) detach() {
	for _, s := range [...]*string{&r.ID, &r.ETag, &r.Fields, &r.Title, &r.Self, &r.Edit, &r.EditPhoto, &r.Photo, &r.PhotoETag, &r.BatchID, &r.Reason} {
		*s = strings.Clone(*s)
	}
	data := reflect.ValueOf(r.Contact)
	if r.Group != nil {
		data = reflect.ValueOf(r.Group)
	}
	size := 0
	eachText(data, func(s *string) { size += len(*s) })
	var all strings.Builder // the data stay together
	all.Grow(size)
	eachText(data, func(s *string) { all.WriteString(*s) })
	rest := all.String()
	eachText(data, func(s *string) { *s, rest = rest[:len(*s)], rest[len(*s):] })
}

// eachText calls f with each text of a value that is not empty.
func eachText(v reflect.Value, f func(*string)) {
	switch v.Kind() {
	case reflect.String:
		if v.Len() > 0 && v.Type() == textType {
			f(v.Addr().Interface().(*string))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			eachText(v.Elem(), f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachText(v.Field(i), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachText(v.Index(i), f)
		}
	}
}

var textType = reflect.TypeFor[string]()
