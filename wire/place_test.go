package wire

import "testing"

func TestPlace(t *testing.T) {
	type inner struct{ a, b string }
	type outer struct {
		n int
		i inner
	}
	t.Run("a place is the field that its function returns", func(t *testing.T) {
		var o outer
		*placeOf(func(o *outer) *string { return &o.i.b }).of(&o) = "x"
		*placeOf(func(o *outer) *int { return &o.n }).of(&o) = 7
		if o != (outer{7, inner{"", "x"}}) {
			t.Errorf("%+v", o)
		}
	})
	t.Run("what is no field has no place", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		elsewhere := new([1 << 20]string)
		placeOf(func(*outer) *string { return &elsewhere[1<<19] })
	})
}
