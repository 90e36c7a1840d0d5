package client

import (
	"net/url"
	"testing"
)

// The examples of RFC 5849: requests of section 1.2, and the base string of
// section 3.4.1.1, of which the parameters of the form stand in the query here.
func TestSign(t *testing.T) {
	printer := OAuth1{ConsumerKey: "dpf43f3p2l4k3l03", ConsumerSecret: "kd94hf93k423kf44"}
	granted := printer
	granted.TokenSecret = "pfkkdhi9sl3r4s00"
	asking := printer
	asking.TokenSecret = "hdhd0244k9j7ao03"
	for _, tt := range []struct {
		name, method, url string
		signer            OAuth1
		params            []param
		want              string
	}{
		{"LIB-10 a request of a token", "POST", "https://photos.example.net/token", asking, []param{
			{"oauth_consumer_key", "dpf43f3p2l4k3l03"}, {"oauth_token", "hh5s93j4hdidpola"}, {"oauth_signature_method", "HMAC-SHA1"},
			{"oauth_timestamp", "137131201"}, {"oauth_nonce", "walatlh"}, {"oauth_verifier", "hfdp7dh39dks9884"},
		}, "gKgrFCywp7rO0OXSjdot/IHF7IU="},
		{"LIB-10 a request of data", "GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", granted, []param{
			{"oauth_consumer_key", "dpf43f3p2l4k3l03"}, {"oauth_token", "nnch734d00sl2jdk"}, {"oauth_signature_method", "HMAC-SHA1"},
			{"oauth_timestamp", "137131202"}, {"oauth_nonce", "chapoH"},
		}, "MdpQcU8iPSUjWoN/UDMsK2sui9I="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tt.signer.sign(tt.method, u, tt.params)
			if got != tt.want || err != nil {
				t.Errorf("sign() = %s, %v, want %s", got, err, tt.want)
			}
		})
	}
	t.Run("LIB-10 the base string", func(t *testing.T) {
		u, err := url.Parse("HTTP://EXAMPLE.COM:80/r%20v/X?b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q")
		if err != nil {
			t.Fatal(err)
		}
		got, err := baseString("post", u, []param{{"oauth_consumer_key", "9djdj82h48djs9d2"}, {"oauth_token", "kkk9d7dh3k39sjv7"},
			{"oauth_signature_method", "HMAC-SHA1"}, {"oauth_timestamp", "137131201"}, {"oauth_nonce", "7d8f3e4a"}})
		want := "POST&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D" +
			"%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
		if got != want || err != nil {
			t.Errorf("baseString() = %s, %v\nwant %s", got, err, want)
		}
	})
}
