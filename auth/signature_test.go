package auth_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"contacts"
	"contacts/auth"
	"contacts/reply"
)

func TestBaseString(t *testing.T) {
	w := open(t, auth.Options{})
	for _, tt := range []struct {
		name, method, url, header, contentType, body string
		want                                         string
	}{
		{
			name: "AUTH-61 AUTH-69 the example of RFC 5849, section 3.4.1", method: "POST",
			url: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
			header: `OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", ` +
				`oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"`,
			contentType: "application/x-www-form-urlencoded", body: "c2&a3=2+q",
			want: "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D" +
				"%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1" +
				"%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7",
		},
		{
			name: "AUTH-69 a feed of the original service", method: "GET",
			url: "http://www.google.com/calendar/feeds/default/allcalendars/full?orderby=starttime",
			header: `OAuth oauth_version="1.0", oauth_nonce="4572616e48616d6d", oauth_timestamp="137131200", oauth_consumer_key="example.com", ` +
				`oauth_token="1%2Fab3cd9j4ks73hf7g", oauth_signature_method="RSA-SHA1", oauth_signature="x"`,
			want: "GET&http%3A%2F%2Fwww.google.com%2Fcalendar%2Ffeeds%2Fdefault%2Fallcalendars%2Ffull&oauth_consumer_key%3Dexample.com" +
				"%26oauth_nonce%3D4572616e48616d6d%26oauth_signature_method%3DRSA-SHA1%26oauth_timestamp%3D137131200" +
				"%26oauth_token%3D1%252Fab3cd9j4ks73hf7g%26oauth_version%3D1.0%26orderby%3Dstarttime",
		},
		{
			name: "AUTH-69 host in lower case, the usual port left out, the path as it came", method: "GET",
			url:  "http://Contacts.Example.COM:80/m8/feeds//contacts/liz%40example.com/./full/%7ex",
			want: "GET&http%3A%2F%2Fcontacts.example.com%2Fm8%2Ffeeds%2F%2Fcontacts%2Fliz%2540example.com%2F.%2Ffull%2F%257ex&",
		},
		{
			name: "AUTH-69 another port stays", method: "GET", url: "http://contacts.example.com:8080/",
			want: "GET&http%3A%2F%2Fcontacts.example.com%3A8080%2F&",
		},
		{
			name: "AUTH-61 realm does not count", method: "GET", url: "http://example.com/", header: `OAuth realm="x", REALM="y", a="b"`,
			want: "GET&http%3A%2F%2Fexample.com%2F&a%3Db",
		},
		{
			name: "AUTH-61 a body that is no form does not count", method: "POST", url: "http://example.com/?a=b",
			contentType: "application/atom+xml", body: "c=d",
			want: "POST&http%3A%2F%2Fexample.com%2F&a%3Db",
		},
		{
			name: "AUTH-61 a semicolon is a letter", method: "GET", url: "http://example.com/?q=a;b&r",
			want: "GET&http%3A%2F%2Fexample.com%2F&q%3Da%253Bb%26r%3D",
		},
		{
			name: "a plus sign is a blank in a query, and itself in a header", method: "GET", url: "http://example.com/?q=a+b",
			header: `OAuth oauth_x="a+b"`,
			want:   "GET&http%3A%2F%2Fexample.com%2F&oauth_x%3Da%252Bb%26q%3Da%2520b",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.url, strings.NewReader(tt.body))
			r.Header.Set("Authorization", tt.header)
			r.Header.Set("Content-Type", tt.contentType)
			got, err := w.RequestBase(r)
			if err != nil || got != tt.want {
				t.Errorf("base string = %v\n got %s\nwant %s", err, got, tt.want)
			}
		})
	}

	t.Run("parameters are sorted as they are encoded, by name and then value", func(t *testing.T) {
		got := auth.BaseString("get", "https://example.com", "/", "b", "2", "a~", "1", "b", "10", "a b", "x", "é", "y")
		if want := "GET&https%3A%2F%2Fexample.com%2F&%25C3%25A9%3Dy%26a%2520b%3Dx%26a~%3D1%26b%3D10%26b%3D2"; got != want {
			t.Errorf("base string = %s\nwant %s", got, want)
		}
	})
	for name, tt := range map[string][3]string{
		"twice in the header":           {"/", `OAuth oauth_token="a", oauth_token="b"`},
		"in header and query":           {"/?oauth_token=a", `OAuth oauth_token="a"`},
		"in header and body":            {"/", `OAuth oauth_token="a"`, "oauth_token=a"},
		"a query that cannot be read":   {"/?a=%zz", ""},
		"a body that cannot be read":    {"/", "", "a=%"},
		"the signature in two places":   {"/?oauth_signature=a", `OAuth oauth_signature="a"`},
		"a name that cannot be read":    {"/?%=1", ""},
		"encoded names are names, too":  {"/?oauth%5Ftoken=a", `OAuth oauth_token="a"`},
		"the body is limited in length": {"/", "", strings.Repeat("a", 1<<17)},
	} {
		t.Run("bad parameters: "+name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "http://example.com"+tt[0], strings.NewReader(tt[2]))
			r.Header.Set("Authorization", tt[1])
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
			got, err := w.RequestBase(r)
			if k := contacts.KindOf(err); k != contacts.Invalid && k != contacts.TooLarge {
				t.Errorf("base string = %q, %v", got, err)
			}
		})
	}
}

func TestSignatures(t *testing.T) {
	// The examples of RFC 5849, section 1.2.
	const secret, token = "kd94hf93k423kf44", "pfkkdhi9sl3r4s00"
	base := auth.BaseString("GET", "http://photos.example.net", "/photos", "file", "vacation.jpg", "size", "original",
		"oauth_consumer_key", "dpf43f3p2l4k3l03", "oauth_token", "nnch734d00sl2jdk", "oauth_signature_method", "HMAC-SHA1",
		"oauth_timestamp", "137131202", "oauth_nonce", "chapoH")
	initiate := auth.BaseString("POST", "https://photos.example.net", "/initiate",
		"oauth_consumer_key", "dpf43f3p2l4k3l03", "oauth_signature_method", "HMAC-SHA1", "oauth_timestamp", "137131200",
		"oauth_nonce", "wIjqoS", "oauth_callback", "http://printer.example.com/ready")
	for name, tt := range map[string]struct {
		base, secret, tokenSecret, signature string
		want                                 bool
	}{
		"AUTH-70 with a token":                {base, secret, token, "MdpQcU8iPSUjWoN/UDMsK2sui9I=", true},
		"AUTH-70 without a token":             {initiate, secret, "", "74KNZJeDHnMBp0EMJ9ZHt/XKycU=", true},
		"without the secret of the token":     {base, secret, "", "MdpQcU8iPSUjWoN/UDMsK2sui9I=", false},
		"another text":                        {base + "x", secret, token, "MdpQcU8iPSUjWoN/UDMsK2sui9I=", false},
		"empty":                               {base, secret, token, "", false},
		"no base64":                           {base, secret, token, "MdpQcU8iPSUjWoN/UDMsK2sui9I=!", false},
		"shortened":                           {base, secret, token, "MdpQcU8iPSUjWoN/UDMsK2suiw==", false},
		"right up to where it is no base64":   {base, secret, token, "MdpQcU8iPSUjWoN/UDMsK2sui9I=\x00", false},
		"the secrets are joined at one place": {base, secret + "&" + token, "", "MdpQcU8iPSUjWoN/UDMsK2sui9I=", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := auth.CheckHMAC(tt.base, tt.secret, tt.tokenSecret, tt.signature); got != tt.want {
				t.Errorf("CheckHMAC() = %t", got)
			}
		})
	}
}

// However a request reaches the server, the URL is the one that the client
// wrote.
func TestAddress(t *testing.T) {
	proxied := reply.Site{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}} // where httptest is from
	for _, tt := range []struct {
		name, target string
		site         reply.Site
		headers      []string
		want         string
	}{
		{"plain", "http://example.com/x?y", reply.Site{}, nil, "http://example.com/x"},
		{"https", "https://example.com:443/x", reply.Site{}, nil, "https://example.com/x"},
		{"a port that is not that of https", "https://example.com:80/x", reply.Site{}, nil, "https://example.com:80/x"},
		{"no path", "http://example.com?y", reply.Site{}, nil, "http://example.com/"},
		{"behind a proxy", "http://10.0.0.7/x", proxied, []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: contacts.example.com"}, "https://contacts.example.com/x"},
		{"a proxy that nobody trusts", "http://example.com/x", reply.Site{}, []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"}, "http://example.com/x"},
		{"a public URL before", "http://10.0.0.7/x", reply.Site{PublicURL: "https://contacts.example.com"}, nil, "https://contacts.example.com/x"},
		{"a public URL, and another name", "http://www.google.com/x", reply.Site{PublicURL: "https://contacts.example.com"}, nil, "https://www.google.com/x"},
	} {
		t.Run("AUTH-51 AUTH-69 "+tt.name, func(t *testing.T) {
			w := open(t, auth.Options{Site: &tt.site})
			r := httptest.NewRequest(http.MethodGet, tt.target, nil)
			r.RequestURI = tt.target[strings.Index(tt.target, "//")+2+len(r.Host):] // the form that servers get
			for _, h := range tt.headers {
				name, value, _ := strings.Cut(h, ": ")
				r.Header.Set(name, value)
			}
			if all := w.Addresses(r); !slices.Contains(all, tt.want) {
				t.Errorf("addresses = %q, without %s", all, tt.want)
			} else if len(all) > 4 {
				t.Errorf("addresses = %q", all)
			}
			for _, a := range w.Addresses(r) {
				if strings.Contains(a, "evil") {
					t.Errorf("addresses have %s", a)
				}
			}
		})
	}
}

func FuzzBaseString(f *testing.F) {
	f.Add("/m8/feeds/contacts/liz%40example.com/full?q=a+b&q=%41&oauth_token=x", `OAuth realm="", oauth_nonce="a%20b", x=y`, "a=b&c")
	f.Add("http://www.google.com?x", "OAuth a", "%")
	f.Add("//x/../y", `AuthSub token="x"`, "=&&=&a==")
	s := auth.New(nil, auth.Options{}) // whose store is not asked
	f.Fuzz(func(t *testing.T, target, header, body string) {
		r := httptest.NewRequest(http.MethodPost, "http://example.com/", strings.NewReader(body))
		r.RequestURI = target
		r.Header["Authorization"] = []string{header}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		base, err := s.RequestBase(r)
		if err != nil {
			if contacts.KindOf(err) != contacts.Invalid {
				t.Errorf("error = %v", err)
			}
			return
		}
		if strings.Count(base, "&") != 2 || strings.ContainsFunc(base, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
			t.Errorf("base string of %q, %q, %q = %q", target, header, body, base)
		}
		if !strings.HasPrefix(base, "POST&http") {
			t.Errorf("base string = %q", base)
		}
	})
}

// What the header parser reads survives being written and read again.
func FuzzAuthorizationParams(f *testing.F) {
	for _, h := range []string{
		`OAuth realm="http://x/", oauth_consumer_key="a%2Bb", oauth_token="1/x", oauth_signature="a+b%3D"`, "OAuth a=b c=d,e=f", `OAuth a="`,
		`AuthSub token="x" data="GET http://x/ 1 2" sig="a==" sigalg="rsa-sha1"`, "AuthSub sigalg=x,data=,,=", "OAuth =", "OAuth %41=%4",
	} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, h string) {
		first := auth.AuthorizationParams(h)
		var b strings.Builder
		b.WriteString("OAuth x=x")
		want := []string{"x", "x"}
		for i := 0; i < len(first); i += 2 {
			if first[i] == "" || strings.EqualFold(first[i], "realm") || len(want) >= 190 {
				continue
			}
			b.WriteString(`, ` + encoded(first[i]) + `="` + encoded(first[i+1]) + `"`)
			want = append(want, first[i], first[i+1])
		}
		if got := auth.AuthorizationParams(b.String()); strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Errorf("%q gives %q, and written again %q", h, want, got)
		}
	})
}
