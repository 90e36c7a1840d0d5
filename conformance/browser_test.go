package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
)

// screenshots is a folder into which the browser's test puts pictures of all
// pages, for people to look at; empty for none.
var screenshots = os.Getenv("CONFORMANCE_SCREENSHOTS")

// TestBrowser walks from the links of a web application to a feed that the
// application reads with its token, in a real browser.
func TestBrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		missing(t, "chromium", err)
	}
	srv := start(t)
	addContact(t, srv, "Jane Bennet")
	app := newApplication(t, srv)
	b := newBrowser(t, chromium)

	// Each step begins where the one before has ended.
	step := func(name string, f func(*testing.T)) {
		if !t.Run(name, f) {
			t.FailNow()
		}
	}
	step("AUTH-37 AUTH-43 AUTH-45 SEC-16 AuthSub, signing in on the way with the keyboard alone", func(t *testing.T) {
		b.open(t, srv.url+"/")
		b.look(t, "front", "Contacts")
		b.open(t, app.url+"/")
		b.press(t, "#authsub")
		b.look(t, "sign-in", "Sign in")
		b.keys(t, "liz@example.com\tmansfield\r")
		b.look(t, "sign-in-wrong", "Sign in")
		b.keys(t, password+"\r") // the focus waits there
		b.look(t, "consent-unregistered", "Allow "+strings.TrimPrefix(app.elsewhere(""), "http://")+" to use your contacts?")
		b.press(t, "button[value=allow]")
		b.at(t, app.elsewhere("/authsub/back"), "AuthSub: Jane Bennet")
	})

	step("AUTH-65 OAuth 1.0a", func(t *testing.T) {
		b.open(t, app.url+"/")
		b.press(t, "#oauth1")
		b.look(t, "consent-registered", "Allow Netherfield Balls to use your contacts?")
		b.press(t, "button[value=allow]")
		b.at(t, app.url+"/oauth1/back", "OAuth 1.0a: Jane Bennet")
	})

	step("AUTH-80 AUTH-82 SEC-5 OAuth 2.0, and the application goes on to another host", func(t *testing.T) {
		b.open(t, app.url+"/")
		b.press(t, "#oauth2")
		b.at(t, srv.url+"/o/oauth2/auth", "Allow Netherfield Balls to use your contacts?")
		b.press(t, "button[value=allow]")
		b.at(t, app.elsewhere("/oauth2/done"), "OAuth 2.0: Jane Bennet")
	})

	step("AUTH-80 SEC-15 OAuth 2.0 again, after signing out", func(t *testing.T) {
		b.open(t, srv.url+"/account/sign-out")
		b.look(t, "sign-out", "Sign out")
		b.press(t, "button[value=sign-out]")
		b.look(t, "signed-out", "You are signed out")
		b.open(t, app.url+"/")
		b.press(t, "#oauth2")
		b.keys(t, user+"\t"+password+"\r")
		b.at(t, srv.url+"/o/oauth2/auth", "Allow Netherfield Balls to use your contacts?")
		b.press(t, "button[value=allow]")
		b.at(t, app.elsewhere("/oauth2/done"), "OAuth 2.0: Jane Bennet")
	})

	step("AUTH-65 AUTH-83 a code to copy", func(t *testing.T) {
		b.open(t, app.oauth2("urn:ietf:wg:oauth:2.0:oob").AuthCodeURL("longbourn"))
		b.press(t, "button[value=allow]")
		b.look(t, "code", "Your code")
		if title := b.eval(t, "document.title"); !regexp.MustCompile(`^Success .*code=[A-Za-z0-9_/-]{20,}$`).MatchString(title) {
			t.Errorf("the title of the window is %q", title)
		}
	})

	step("AUTH-106 a device", func(t *testing.T) {
		code := app.device(t)
		b.open(t, srv.url+"/device")
		b.look(t, "device", "Connect a device")
		b.keys(t, "no such code\r")
		b.look(t, "device-wrong", "Connect a device")
		b.fill(t, "#user_code", code)
		b.keys(t, "\r")
		b.look(t, "consent-device", "Allow Netherfield Balls to use your contacts?")
		b.press(t, "button[value=allow]")
		b.look(t, "device-connected", b.heading(t))
	})

	step("AUTH-43 denial", func(t *testing.T) {
		b.open(t, app.url+"/")
		b.press(t, "#authsub")
		b.press(t, "button[value=deny]")
		b.look(t, "denied", "You denied access")
	})

	step("AUTH-39 an error is a page", func(t *testing.T) {
		b.open(t, srv.url+"/accounts/AuthSubRequest?next=javascript:alert(1)&scope="+contactsScope)
		b.look(t, "error", "This request cannot be used")
	})

	step("SEC-8 the programs, and taking back their access", func(t *testing.T) {
		if got := app.read(t); got != "Jane Bennet" {
			t.Fatalf("the application reads %q", got)
		}
		b.open(t, srv.url+"/account")
		b.look(t, "account", "Your account")
		b.press(t, `a[href="/account/programs"]`)
		b.look(t, "programs", "Programs with access")
		b.press(t, "button[value=revoke-all]")
		b.look(t, "programs-none", "Programs with access")
		if got := app.read(t); got != "401 Token invalid" {
			t.Errorf("the application reads %q afterwards", got)
		}
	})

	step("SEC-8 SEC-16 a new password", func(t *testing.T) {
		const wanted = "till this moment I never knew myself"
		b.open(t, srv.url+"/account/password")
		b.look(t, "password", "Change your password")
		b.fill(t, "#password", "mansfield")
		b.fill(t, "#new", wanted)
		b.fill(t, "#again", wanted)
		b.press(t, "button[value=change]")
		b.look(t, "password-wrong", "Change your password")
		b.fill(t, "#password", password)
		b.fill(t, "#new", wanted)
		b.fill(t, "#again", wanted)
		b.press(t, "button[value=change]")
		b.look(t, "password-changed", "Your account")
	})

	step("SEC-4 a captcha", func(t *testing.T) {
		b.open(t, srv.url+"/account")
		b.press(t, "button[value=sign-out]")
		b.open(t, srv.url+"/account")
		for range 3 { // as many failed above
			b.fill(t, "#email", "collins@example.com")
			b.keys(t, "\tmansfield\r")
		}
		b.fill(t, "#email", "collins@example.com")
		b.keys(t, "\tmansfield\r")
		b.look(t, "captcha", "Sign in")
		if width := b.eval(t, "String(document.querySelector('img.captcha').naturalWidth)"); width != "262" {
			t.Errorf("the picture is %s pixels wide, want 262", width)
		}
	})
}

// A browser is a running Chromium with one tab.
type browser struct {
	ctx context.Context
}

// patience is how long Chromium may take to start: it is no measure of ours.
const patience = 10 * time.Minute

// newBrowser starts Chromium with a profile of its own. What it says of
// violated security policies fails the test, and ends the wait for a page that
// such a policy keeps from coming.
func newBrowser(t *testing.T, chromium string) *browser {
	t.Helper()
	flags := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(chromium), chromedp.WSURLReadTimeout(patience), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	ctx, stopCause := context.WithCancelCause(ctx)
	t.Cleanup(func() { stopCause(nil) })
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	b := &browser{ctx: ctx}
	err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*log.EventEntryAdded); ok && e.Entry.Source == "security" {
			stopCause(fmt.Errorf("the browser says: %s", e.Entry.Text))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := context.Cause(ctx); err != nil {
			t.Errorf("browser: %v", err)
		}
	})
	return b
}

// do runs steps, and fails the test if they cannot be done.
func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatalf("%v (%v)", err, context.Cause(b.ctx))
	}
}

// leads runs a step that leads to another page, and waits for it.
func (b *browser) leads(t *testing.T, step chromedp.Action[chromedp.Void]) {
	t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, step); err != nil {
		t.Fatalf("%v (%v)", err, context.Cause(b.ctx))
	}
}

// open goes to a page.
func (b *browser) open(t *testing.T, target string) {
	t.Helper()
	b.leads(t, chromedp.Navigate(target))
}

// press presses a button or link, and waits for the page that it leads to.
func (b *browser) press(t *testing.T, selector string) {
	t.Helper()
	b.need(t, selector)
	b.leads(t, chromedp.Click(chromedp.CSS(selector)))
}

// need fails the test if a page lacks an element. A page is whole when it has
// loaded: to wait for more would be to wait for ever.
func (b *browser) need(t *testing.T, selector string) {
	t.Helper()
	if b.eval(t, fmt.Sprintf("String(document.querySelector(%q) !== null)", selector)) != "true" {
		t.Fatalf("the page %q has no %s", b.heading(t), selector)
	}
}

// keys types into the field that has the focus, and waits for the page to which
// the last key leads. A new page gives the focus to a field as soon as it is
// drawn.
func (b *browser) keys(t *testing.T, keys string) {
	t.Helper()
	b.need(t, "[autofocus]")
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("document.activeElement.matches('input')", chromedp.WithPollingTimeout(0))); err != nil {
		t.Fatal(err)
	}
	b.leads(t, chromedp.KeyEvent(keys))
}

// fill replaces what is in a field.
func (b *browser) fill(t *testing.T, selector, value string) {
	t.Helper()
	b.need(t, selector)
	b.do(t, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), value))
}

// eval is the value of an expression, a string.
func (b *browser) eval(t *testing.T, expression string) string {
	t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		t.Fatalf("%s: %v (%v)", expression, err, context.Cause(b.ctx))
	}
	return value
}

// at checks where the browser is, and the heading of the page.
func (b *browser) at(t *testing.T, address, heading string) {
	t.Helper()
	if got := b.eval(t, "location.origin + location.pathname"); got != address {
		t.Fatalf("the browser is at %s, want %s", got, address)
	}
	if got := b.heading(t); got != heading {
		t.Fatalf("the page is %q, want %q", got, heading)
	}
}

func (b *browser) heading(t *testing.T) string {
	t.Helper()
	return b.eval(t, "document.querySelector('h1').textContent.trim()")
}

// flaws names what is wrong with how a page is shown: what is wider than the
// window, what is too small to be hit, and a focus that cannot be seen.
const flaws = `(() => {
	const wrong = [];
	if (document.documentElement.scrollWidth > window.innerWidth) wrong.push("wider than the window");
	for (const e of document.querySelectorAll("button, a.button, input:not([type=hidden]):not([type=checkbox]), label.check")) {
		const r = e.getBoundingClientRect();
		if (r.height < 24 || r.width < 24) wrong.push("too small: " + e.outerHTML);
		if (r.left < 0 || r.right > window.innerWidth) wrong.push("cut off: " + e.outerHTML);
	}
	const focus = document.activeElement;
	if (focus !== document.body && getComputedStyle(focus).outlineStyle === "none") wrong.push("the focus does not show");
	if (getComputedStyle(document.body).fontSize !== "16px") wrong.push("no stylesheet");
	return wrong.join("; ");
})()`

// look checks a page of the server by its heading and how it is shown, on a
// telephone and on a desk, by day and by night.
func (b *browser) look(t *testing.T, name, heading string) {
	t.Helper()
	if got := b.heading(t); got != heading {
		t.Fatalf("the page is %q, want %q", got, heading)
	}
	for _, scheme := range []string{"dark", "light"} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int64{360, 1280} {
			b.do(t, chromedp.EmulateViewport(width, 800))
			if wrong := b.eval(t, flaws); wrong != "" {
				t.Errorf("%s, %d pixels wide, %s: %s", name, width, scheme, wrong)
			}
			if screenshots == "" {
				continue
			}
			png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(screenshots, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
