package vcard

import (
	"strings"

	"contacts"
)

// A service is an instant messaging service: the word of the Contacts Data
// API, the scheme of its URIs, the X-SERVICE-TYPE of Apple's and Google's
// programs, and the properties that older programs write instead of IMPP.
type service struct {
	protocol, scheme, name string
	also                   []string // other schemes and names, in small letters
	properties             []string
}

var services = []service{
	{"AIM", "aim", "AIM", nil, []string{"X-AIM"}},
	{"MSN", "msnim", "MSN", []string{"msn"}, []string{"X-MSN"}},
	{"YAHOO", "ymsgr", "Yahoo", []string{"yahoo"}, []string{"X-YAHOO", "X-YAHOO-ID"}},
	{"SKYPE", "skype", "Skype", nil, []string{"X-SKYPE", "X-SKYPE-USERNAME"}},
	{"QQ", "qq", "QQ", []string{"mqq", "mqqapi"}, []string{"X-QQ"}},
	{"ICQ", "icq", "ICQ", nil, []string{"X-ICQ"}},
	{"JABBER", "xmpp", "Jabber", []string{"jabber"}, []string{"X-JABBER"}},
	{"GOOGLE_TALK", "xmpp", "GoogleTalk", []string{"gtalk", "google talk", "googletalk"}, []string{"X-GOOGLE-TALK", "X-GTALK"}},
	{"NETMEETING", "netmeeting", "NetMeeting", []string{"callto"}, nil},
	{"gg:", "gg", "GaduGadu", []string{"gadugadu"}, []string{"X-GADUGADU"}},
}

// findService finds a service by its scheme or name in any case, or nil.
func findService(word string) *service {
	word = strings.ToLower(word)
	for i := range services {
		s := &services[i]
		if s.scheme == word || strings.ToLower(s.name) == word {
			return s
		}
		for _, a := range s.also {
			if a == word {
				return s
			}
		}
	}
	return nil
}

func serviceOf(protocol string) *service {
	for i := range services {
		if services[i].protocol == protocol {
			return &services[i]
		}
	}
	return nil
}

// readIM reads IMPP and its predecessors. A service that the Contacts Data API
// has no word for gives a protocol that is its scheme with a colon.
func readIM(im *importer, p *Property) bool {
	m := contacts.IM{Address: strings.TrimSpace(p.Text())}
	if m.Address == "" {
		return true
	}
	own := func(q *Param) bool { return false }
	if p.Name != "IMPP" {
		for i := range services {
			for _, name := range services[i].properties {
				if name == p.Name {
					m.Protocol = services[i].protocol
				}
			}
		}
	} else {
		serviceType := ""
		own = func(q *Param) bool {
			if q.Name != "X-SERVICE-TYPE" {
				return false
			}
			serviceType = q.Value
			return true
		}
		for i := range p.Params {
			own(&p.Params[i])
		}
		scheme, address := cutScheme(m.Address)
		if scheme != "" {
			m.Address = unpercent(address)
		}
		switch s := findService(serviceType); {
		case strings.IndexByte(serviceType, ':') >= 0: // a protocol that is a URI
			if scheme, _ := cutScheme(serviceType); scheme == "" {
				return false // ELEM-41
			}
			m.Protocol = serviceType
		case s != nil:
			m.Protocol = s.protocol
		case serviceType != "" && isScheme(strings.ToLower(serviceType)):
			m.Protocol = strings.ToLower(serviceType) + ":"
		case serviceType != "":
			return false
		case scheme == "" || scheme == "im":
		default:
			if m.Protocol = scheme + ":"; findService(scheme) != nil {
				m.Protocol = findService(scheme).protocol
			}
		}
		if m.Address == "" {
			return false
		}
	}
	for i := range im.c.IMs { // written twice by programs that write both
		if have := &im.c.IMs[i]; p.Name != "IMPP" && have.Address == m.Address && have.Protocol == m.Protocol {
			return true
		}
	}
	pref := im.use(p, imUses, use{rel: &m.Rel, label: &m.Label, extra: &m.Extra}, "", own)
	im.prefer(ims, len(im.c.IMs), pref)
	im.c.IMs = append(im.c.IMs, m)
	return true
}

func writeIMs(w *writer) {
	for i := range w.c.IMs {
		m := &w.c.IMs[i]
		w.use(imUses, m.Rel, m.Label, m.Primary, m.Extra, "")
		scheme := "im"
		switch s := serviceOf(m.Protocol); {
		case s != nil:
			scheme = s.scheme
			w.param("X-SERVICE-TYPE", s.name)
		case strings.HasSuffix(m.Protocol, ":") && isScheme(m.Protocol[:len(m.Protocol)-1]):
			scheme = m.Protocol[:len(m.Protocol)-1]
			name := scheme
			if scheme == "im" || findService(scheme) != nil { // not what the word alone means
				name = m.Protocol
			}
			w.param("X-SERVICE-TYPE", name)
		default:
			w.param("X-SERVICE-TYPE", m.Protocol)
		}
		w.openWith("IMPP")
		w.b = append(append(w.b, scheme...), ':')
		w.b = appendPercent(w.b, m.Address)
		w.close()
		w.label(imUses, m.Rel, m.Label)
	}
}

// cutScheme cuts the scheme off a URI, in small letters.
func cutScheme(s string) (scheme, rest string) {
	i := strings.IndexByte(s, ':')
	if i < 1 || !isScheme(strings.ToLower(s[:i])) {
		return "", s
	}
	return strings.ToLower(s[:i]), s[i+1:]
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z') && (i == 0 || !('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}

// appendPercent appends an address as part of a URI.
func appendPercent(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; nameChar[c] || strings.IndexByte("@.+~!$&'()*=/?#", c) >= 0 || c == ':' && i > 0 {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// unpercent undoes the escapes of a URI, unless what comes out is no text.
func unpercent(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	if t := string(b); contacts.IsText(t) {
		return t
	}
	return s
}
