package gdata_test

import (
	"net/http"
	"strings"
	"testing"
)

// props is the elements of extended properties, given as name=value.
func props(pairs ...string) string {
	var b strings.Builder
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		b.WriteString("<gd:extendedProperty name='" + name + "' value='" + value + "'/>")
	}
	return b.String()
}

// pairs is the extended properties of an entry in the form of props.
func (e *entry) pairs() string {
	var all []string
	for _, p := range e.Properties {
		all = append(all, p.Name+"="+p.Value)
	}
	return strings.Join(all, " ")
}

// in is a path of the projection full in another one.
func in(projection, path string) string {
	return strings.Replace(path, "/full", "/"+projection, 1)
}

func TestProjectionWrites(t *testing.T) {
	w := newWorld(t)
	for _, feed := range []string{contactsFull, groupsFull} {
		kind := strings.Split(feed, "/")[3]
		full := func(t *testing.T, e *entry) string {
			t.Helper()
			return w.read(t, feed+"/"+e.shortID()).entry(t).pairs()
		}
		put := func(t *testing.T, projection string, e *entry, children string) *answer {
			t.Helper()
			return w.replace(t, in(projection, feed)+"/"+e.shortID(), children)
		}
		const title, pet, horse = "<title>Lydia</title>", "pet=hamster", "horse=Nellie"

		t.Run(kind+"/WRT-41 WRT-9 full, base and property-KEY set properties", func(t *testing.T) {
			for _, projection := range []string{"full", "base", "property-pet"} {
				e := w.add(t, in(projection, feed), title+props(pet))
				if got := full(t, e); e.pairs() != pet || got != pet {
					t.Errorf("POST in %s: %q, stored %q", projection, e.pairs(), got)
				}
				e = w.add(t, feed, title)
				if got := put(t, projection, e, title+props(pet)).entry(t).pairs(); got != pet || full(t, e) != pet {
					t.Errorf("PUT in %s: %q, stored %q", projection, got, full(t, e))
				}
			}
		})

		t.Run(kind+"/WRT-42 RES-12 PUT in full and base replaces the set", func(t *testing.T) {
			for _, projection := range []string{"full", "base"} {
				e := w.add(t, feed, title+props(pet, horse))
				if got := put(t, projection, e, title+props("horse=Rain", "dog=Pug")).entry(t).pairs(); got != "horse=Rain dog=Pug" || full(t, e) != got {
					t.Errorf("%s: %q, stored %q", projection, got, full(t, e))
				}
				if put(t, projection, e, title); full(t, e) != "" {
					t.Errorf("%s without properties: stored %q", projection, full(t, e))
				}
			}
		})

		t.Run(kind+"/WRT-43 PUT in thin leaves the properties alone", func(t *testing.T) {
			e := w.add(t, feed, title+props(pet, horse))
			for _, sent := range []string{"", props("pet=cat"), props("dog=Pug")} {
				if got := put(t, "thin", e, title+sent).entry(t).pairs(); got != "" || full(t, e) != pet+" "+horse {
					t.Errorf("sent %q: answer %q, stored %q", sent, got, full(t, e))
				}
			}
		})

		t.Run(kind+"/WRT-44 POST in thin sets none", func(t *testing.T) {
			if e := w.add(t, in("thin", feed), title+props(pet)); full(t, e) != "" {
				t.Errorf("stored %q", full(t, e))
			}
		})

		t.Run(kind+"/WRT-45 PUT in property-KEY sets or deletes that property alone", func(t *testing.T) {
			e := w.add(t, feed, title+props(pet, horse))
			if got := put(t, "property-pet", e, title+props("pet=cat", "horse=Rain", "dog=Pug")).entry(t).pairs(); got != "pet=cat" || full(t, e) != horse+" pet=cat" {
				t.Errorf("answer %q, stored %q", got, full(t, e))
			}
			if got := put(t, "property-pet", e, title+props("horse=Rain")).entry(t).pairs(); got != "" || full(t, e) != horse {
				t.Errorf("without it: answer %q, stored %q", got, full(t, e))
			}
			if got := put(t, "property-pet", e, title+props("pet=cat", "pet=dog")).entry(t).pairs(); got != "pet=cat pet=dog" || full(t, e) != horse+" pet=cat pet=dog" {
				t.Errorf("twice: answer %q, stored %q", got, full(t, e))
			}
		})

		t.Run(kind+"/WRT-45 RES-13 the key of property-KEY is percent-decoded and compared exactly", func(t *testing.T) {
			e := w.add(t, feed, title+props("my pet/x=cat", "My Pet/x=dog"))
			if got := put(t, "property-my%20pet%2Fx", e, title+props("my pet/x=owl")).entry(t).pairs(); got != "my pet/x=owl" || full(t, e) != "My Pet/x=dog my pet/x=owl" {
				t.Errorf("answer %q, stored %q", got, full(t, e))
			}
		})

		t.Run(kind+"/WRT-46 POST in property-KEY sets that property alone", func(t *testing.T) {
			if e := w.add(t, in("property-pet", feed), title+props(horse, pet)); e.pairs() != pet || full(t, e) != pet {
				t.Errorf("answer %q, stored %q", e.pairs(), full(t, e))
			}
		})

		t.Run(kind+"/WRT-47 everything else is written alike in every projection", func(t *testing.T) {
			for _, projection := range []string{"base", "thin", "full", "property-pet"} {
				e := w.add(t, in(projection, feed), title+`<x xmlns='urn:x'/>`)
				put(t, projection, e, "<title>Lydia Wickham</title><y xmlns='urn:x'/>")
				a := w.read(t, feed+"/"+e.shortID()).wantText(t, "<y xmlns='urn:x'/>").wantNoText(t, "<x ")
				if got := a.entry(t).Title; got != "Lydia Wickham" {
					t.Errorf("%s: title %q", projection, got)
				}
			}
		})
	}

	t.Run("WRT-47 an e-mail address is written alike in every projection", func(t *testing.T) {
		for _, projection := range []string{"base", "thin", "full", "property-pet"} {
			e := w.add(t, in(projection, contactsFull), jane)
			w.replace(t, in(projection, contactsFull)+"/"+e.shortID(), "<gd:email label='x' address='bingley@example.org'/>")
			w.read(t, contactsFull+"/"+e.shortID()).wantText(t, "bingley@example.org").wantNoText(t, "jane@")
		}
	})
}

func TestExtendedProperties(t *testing.T) {
	w := newWorld(t)
	for _, feed := range []string{contactsFull, groupsFull} {
		kind := strings.Split(feed, "/")[3]
		for _, tc := range []struct{ name, sent, want string }{
			{"ELEM-80 ELEM-50 a value", `<gd:extendedProperty name='pet' value='a &lt;hamster&gt;'/>`, `<gd:extendedProperty name='pet' value='a &lt;hamster&gt;'/>`},
			{"ELEM-81 an XML blob", `<gd:extendedProperty name='sports'><dance xmlns=''><salsa/><ballroom_dancing/></dance></gd:extendedProperty>`,
				`<gd:extendedProperty name='sports'><dance xmlns=''><salsa/><ballroom_dancing/></dance></gd:extendedProperty>`},
			{"ELEM-81 a blob in several namespaces", `<gd:extendedProperty name='b'><m:ball xmlns:m='urn:m' m:at='1'><dance>a<b xmlns='urn:b'/>c</dance></m:ball></gd:extendedProperty>`,
				`<m:ball xmlns:m='urn:m' m:at='1'><dance xmlns='http://www.w3.org/2005/Atom'>a<b xmlns='urn:b'/>c</dance></m:ball></gd:extendedProperty>`},
			{"ELEM-81 a blob with the prefix of the entry", `<gd:extendedProperty name='b'><gd:dance/></gd:extendedProperty>`,
				`<gd:extendedProperty name='b'><gd:dance xmlns:gd='http://schemas.google.com/g/2005'/></gd:extendedProperty>`},
			{"ELEM-81 a blob of several elements", `<gd:extendedProperty name='b'><x xmlns=''/><y xmlns=''/></gd:extendedProperty>`,
				`<gd:extendedProperty name='b'><x xmlns=''/><y xmlns=''/></gd:extendedProperty>`},
			{"ELEM-82 text as content", `<gd:extendedProperty name='note'>pin &amp; money</gd:extendedProperty>`, `<gd:extendedProperty name='note'>pin &amp; money</gd:extendedProperty>`},
			{"ELEM-83 ten of them", props(strings.Fields("a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=10")...), props(strings.Fields("a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=10")...)},
			{"ELEM-84 equal names are separate properties", props("pet=hamster", "pet=dog"), props("pet=hamster", "pet=dog")},
			{"ELEM-85 a large value", props("a=" + strings.Repeat("x", 8000)), props("a=" + strings.Repeat("x", 8000))},
			{"ELEM-86 neither value nor content", `<gd:extendedProperty name='pet'/>`, `<gd:extendedProperty name='pet' value=''/>`},
			{"ELEM-86 an empty value", `<gd:extendedProperty name='pet' value=''></gd:extendedProperty>`, `<gd:extendedProperty name='pet' value=''/>`},
		} {
			t.Run(kind+"/"+tc.name+", ELEM-87 on both kinds", func(t *testing.T) {
				for _, version := range []string{"1.0", "2.0", "3.0"} {
					a := w.as(version, "POST", feed, atom("<title>Kitty</title>"+tc.sent)).want(t, http.StatusCreated).wantText(t, tc.want)
					a = w.as(version, "GET", a.entry(t).link("self"), "").want(t, http.StatusOK).wantText(t, tc.want)
					w.as(version, "PUT", a.entry(t).link("edit"), a.Body).want(t, http.StatusOK).wantText(t, tc.want)
				}
			})
		}

		t.Run(kind+"/ELEM-83 ELEM-87 properties are counted after the update, over all projections", func(t *testing.T) {
			e := w.add(t, feed, "<title>Kitty</title>"+props(strings.Fields("a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=10")...))
			path := in("property-k", feed) + "/" + e.shortID()
			a := w.as("3.0", "PUT", path, atom("<title>Kitty</title>"+props("k=11")), "If-Match", "*")
			a.wantReason(t, http.StatusBadRequest, "At most 10 extended properties").wantText(t, "<code>invalidEntry</code>")
			w.replace(t, in("property-j", feed)+"/"+e.shortID(), "<title>Kitty</title>")
			w.replace(t, path, "<title>Kitty</title>"+props("k=11"))
			if got := w.read(t, feed+"/"+e.shortID()).entry(t); len(got.Properties) != 10 {
				t.Errorf("%d properties: %s", len(got.Properties), got.pairs())
			}
		})

		t.Run(kind+"/ELEM-87 ELEM-80 ELEM-85 what is refused", func(t *testing.T) {
			for sent, code := range map[string]string{
				`<gd:extendedProperty value='x'/>`:                                                                      "missingRequiredContent",
				`<gd:extendedProperty name='a' value='x'>y</gd:extendedProperty>`:                                       "valueXmlMutuallyExclusive",
				props("a=" + strings.Repeat("x", 8192)):                                                                 "invalidEntry",
				`<gd:extendedProperty name='a'><x xmlns=''>` + strings.Repeat("x", 8192) + `</x></gd:extendedProperty>`: "invalidEntry",
			} {
				a := w.as("3.0", "POST", feed, atom("<title>Kitty</title>"+sent)).want(t, http.StatusBadRequest).wantText(t, "<code>"+code+"</code>")
				a.wantText(t, "/entry/gd:extendedProperty[1]")
			}
		})
	}
}
