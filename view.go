package contacts

import "strings"

// A View is what one client sees of an entry, and therefore what a write of
// that client replaces: fields outside the view are left as they are.
type View struct {
	Version int  // of the protocol: 1, 2 or 3
	Shared  bool // the book is the shared contacts of a domain

	Projection Projection
}

// Full is the view that shows everything.
var Full = View{Version: 3, Projection: Projection{Name: ProjectionFull}}

// A Projection selects the extended properties that a client sees.
type Projection struct {
	Name string // base, thin, full or property
	Key  string // of the one property that the projection property-KEY shows
}

// The names of the projections.
const (
	ProjectionBase     = "base" // as full (RES-14)
	ProjectionThin     = "thin" // none (RES-11)
	ProjectionFull     = "full" // all (RES-12)
	ProjectionProperty = "property"
)

// ParseProjection reads the decoded path segment of a projection (RES-13).
func ParseProjection(s string) (Projection, bool) {
	switch s {
	case ProjectionBase, ProjectionThin, ProjectionFull:
		return Projection{Name: s}, true
	}
	if key, ok := strings.CutPrefix(s, ProjectionProperty+"-"); ok && key != "" {
		return Projection{Name: ProjectionProperty, Key: key}, true
	}
	return Projection{}, false
}

// String is the path segment before percent-encoding.
func (p Projection) String() string {
	if p.Name == ProjectionProperty {
		return p.Name + "-" + p.Key
	}
	return p.Name
}

// Shows reports whether the projection shows the extended property name.
func (p Projection) Shows(name string) bool {
	switch p.Name {
	case ProjectionThin:
		return false // RES-11
	case ProjectionProperty:
		return name == p.Key // RES-13
	}
	return true // RES-12, RES-14
}

// Parts reports whether the view shows the parts of names and the elements of
// version 3, rather than the title alone (VER-30, VER-50, VER-52, VER-53).
func (v View) Parts() bool { return v.Version >= 3 || v.Shared }
