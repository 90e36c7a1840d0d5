package auth_test

import (
	"testing"

	"contacts/auth"
)

func BenchmarkClientLogin(b *testing.B) {
	w := longbourn(b, auth.Options{})
	form := loginForm(liz, password)
	for b.Loop() {
		if a := w.login(b, form); a.status != 200 {
			b.Fatal(a.status, a.body)
		}
	}
}
