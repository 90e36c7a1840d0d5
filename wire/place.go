package wire

import "unsafe"

// A place is where a field of type F lies in every T. A row is given a field by
// a function that returns its address, which lets the compiler check the type;
// the place it stands for saves the call for each field of each entry.
type place[T, F any] struct {
	offset uintptr
	set    bool // the zero place is none
}

// placeOf asks field once. It panics if what field returns is no field of T.
func placeOf[T, F any](field func(*T) *F) place[T, F] {
	var t T
	offset := uintptr(unsafe.Pointer(field(&t))) - uintptr(unsafe.Pointer(&t))
	var f F
	if offset+unsafe.Sizeof(f) > unsafe.Sizeof(t) {
		panic("wire: a row for something that is not in its struct")
	}
	return place[T, F]{offset: offset, set: true}
}

// of is the field of t.
func (p place[T, F]) of(t *T) *F { return (*F)(unsafe.Add(unsafe.Pointer(t), p.offset)) }
