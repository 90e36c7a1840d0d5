package csv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"contacts"
	"contacts/csv"
)

// rows reads all rows of a file, and its errors as text.
func rows(t *testing.T, text string) (r *csv.Reader, all []*csv.Row, bad []string) {
	t.Helper()
	r, err := csv.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatalf("NewReader() = %v", err)
	}
	for {
		row, err := r.Next()
		var damaged *csv.RowError
		switch {
		case err == io.EOF:
			return r, all, bad
		case errors.As(err, &damaged):
			bad = append(bad, err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, row)
		}
	}
}

const oldGoogle = `Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,` +
	`IM 1 - Type,IM 1 - Service,IM 1 - Value,Organization 1 - Type,Organization 1 - Name,Organization 1 - Title,Gender,Birthday,Hobby,` +
	`Event 1 - Type,Event 1 - Value,Jot 1 - Type,Jot 1 - Value,Photo
Elizabeth Bennet,Elizabeth,Bennet,* My Contacts ::: Sisters,* Home,lizzy@example.com ::: eliza@example.com,Mobile,07700 900001,` +
	`Other,Skype,lizzy,* Work,Longbourn,Daughter,female,1791-05-28,Walking ::: Reading,Wedding,1812-10-01,keywords,wit,https://example.com/p.jpg
`

func TestGoogle(t *testing.T) {
	t.Run("CSV-1 the columns of before 2024", func(t *testing.T) {
		r, all, bad := rows(t, oldGoogle)
		if r.Layout() != csv.OldGoogle || len(all) != 1 || len(bad) != 0 {
			t.Fatalf("%s: %d rows, %v", r.Layout(), len(all), bad)
		}
		want := &contacts.Contact{
			Name:          contacts.Name{Full: "Elizabeth Bennet", Given: "Elizabeth", Family: "Bennet"},
			Emails:        []contacts.Email{{Rel: "home", Address: "lizzy@example.com", Primary: true}, {Rel: "home", Address: "eliza@example.com"}},
			Phones:        []contacts.Phone{{Rel: "mobile", Number: "07700 900001"}},
			IMs:           []contacts.IM{{Rel: "other", Protocol: "SKYPE", Address: "lizzy"}},
			Organizations: []contacts.Organization{{Rel: "work", Primary: true, Name: "Longbourn", Title: "Daughter"}},
			Gender:        "female", Birthday: "1791-05-28", Hobbies: []string{"Walking", "Reading"},
			Events: []contacts.Event{{Label: "Wedding", Start: "1812-10-01"}},
			Jots:   []contacts.Jot{{Rel: "keywords", Text: "wit"}},
		}
		if !reflect.DeepEqual(all[0].Contact, want) || strings.Join(all[0].Groups, "|") != "My Contacts|Sisters" {
			t.Errorf("got  %+v %q\nwant %+v", all[0].Contact, all[0].Groups, want)
		}
		if err := all[0].Contact.Validate(); err != nil {
			t.Error(err)
		}
		columns := r.Columns()
		if last := columns[len(columns)-1]; last != (csv.Column{Name: "Photo", Values: 1}) {
			t.Errorf("column %+v", last)
		}
	})

	t.Run("CSV-1 the columns of today, in any order and case", func(t *testing.T) {
		r, all, bad := rows(t, "PHONE 2 - VALUE,phone 2 - label,Last Name,First Name,Labels,Phone 1 - Label,Phone 1 - Value,Organization Name,Custom Field 1 - Label,Custom Field 1 - Value\n"+
			"2,Home Fax,Bennet,Jane,* myContacts ::: Sisters,Mobile,1,Longbourn,Horse,none\n")
		want := &contacts.Contact{
			Name:          contacts.Name{Full: "Jane Bennet", Given: "Jane", Family: "Bennet"},
			Phones:        []contacts.Phone{{Rel: "mobile", Number: "1"}, {Rel: "home_fax", Number: "2"}},
			Organizations: []contacts.Organization{{Rel: "work", Name: "Longbourn"}},
			UserDefined:   []contacts.UserDefined{{Key: "Horse", Value: "none"}},
		}
		if r.Layout() != csv.Google || len(bad) != 0 || len(all) != 1 || !reflect.DeepEqual(all[0].Contact, want) || strings.Join(all[0].Groups, "|") != "myContacts|Sisters" {
			t.Errorf("%s %v: got %+v", r.Layout(), bad, all)
		}
	})

	t.Run("CSV-2 values that no field takes become fields of the owner's own", func(t *testing.T) {
		_, all, _ := rows(t, "First Name,Birthday,Gender,Event 1 - Label,Event 1 - Value\nJane,in spring,unknown,Anniversary,--10-01\nMary,1/20/1793,Female,,\nKitty,20.1.1794,,,\nLydia, --06-14,,,\n")
		own := all[0].Contact.UserDefined
		if len(own) != 3 || own[0].Value != "in spring" || own[1].Value != "unknown" || own[2].Key != "Anniversary" || own[2].Value != "--10-01" {
			t.Errorf("own fields %+v", own)
		}
		for i, want := range []string{"", "1793-01-20", "1794-01-20", "--06-14"} {
			if got := all[i].Contact.Birthday; got != want {
				t.Errorf("birthday %q, want %q", got, want)
			}
		}
	})
}

func TestOutlook(t *testing.T) {
	t.Run("CSV-3 the columns of Outlook", func(t *testing.T) {
		text := "\"Title\",\"First Name\",\"Last Name\",\"Company\",\"Job Title\",\"Business Street\",\"Business Street 2\",\"Business City\",\"Business Country/Region\"," +
			"\"Home Phone\",\"Mobile Phone\",\"E-mail Address\",\"E-mail Type\",\"E-mail Display Name\",\"E-mail 2 Address\",\"Birthday\",\"Anniversary\",\"Categories\",\"Spouse\",\"Private\",\"Web Page\",\"Notes\"\r\n" +
			"\"Mr.\",\"Fitzwilliam\",\"Darcy\",\"Pemberley\",\"Owner\",\"1 Lambton Road\",\"North wing\",\"Lambton\",\"United Kingdom\"," +
			"\"1\",\"2\",\"darcy@example.com\",\"SMTP\",\"Mr. Darcy\",\"d@example.com\",\"5/4/1784\",\"0/0/00\",\"Friends;Gentlemen\",\"Elizabeth\",\"FALSE\",\"https://example.com/\",\"two\r\nlines\"\r\n"
		r, all, bad := rows(t, text)
		want := &contacts.Contact{
			Name:  contacts.Name{Full: "Mr. Fitzwilliam Darcy", Prefix: "Mr.", Given: "Fitzwilliam", Family: "Darcy"},
			Notes: "two\nlines", Birthday: "1784-05-04",
			Organizations: []contacts.Organization{{Rel: "work", Name: "Pemberley", Title: "Owner"}},
			Emails:        []contacts.Email{{Rel: "other", Address: "darcy@example.com", DisplayName: "Mr. Darcy", Primary: true}, {Rel: "other", Address: "d@example.com"}},
			Phones:        []contacts.Phone{{Rel: "home", Number: "1"}, {Rel: "mobile", Number: "2"}},
			Addresses: []contacts.Address{{Rel: "work", Street: "1 Lambton Road\nNorth wing", City: "Lambton", Country: "United Kingdom",
				Formatted: "1 Lambton Road\nNorth wing\nLambton\nUnited Kingdom"}},
			Relations: []contacts.Relation{{Rel: "spouse", Person: "Elizabeth"}},
			Websites:  []contacts.Website{{Rel: "work", Href: "https://example.com/"}},
		}
		if r.Layout() != csv.Outlook || len(bad) != 0 || len(all) != 1 || strings.Join(all[0].Groups, "|") != "Friends|Gentlemen" {
			t.Fatalf("%s %v %+v", r.Layout(), bad, all)
		}
		if !reflect.DeepEqual(all[0].Contact, want) {
			t.Errorf("got  %+v\nwant %+v", all[0].Contact, want)
		}
		for _, c := range r.Columns() {
			if lost := c.Field == ""; lost != (c.Name == "E-mail Type") {
				t.Errorf("column %+v", c)
			}
		}
	})
}

func TestForms(t *testing.T) {
	const text = "First Name,Nickname,Notes\nJané,Schwester “J”,a;b\tc\n"
	semicolons := "First Name;Nickname;Notes\nJané;Schwester “J”;\"a;b\tc\"\n"
	tabs := "First Name\tNickname\tNotes\nJané\tSchwester “J”\t\"a;b\tc\"\n"
	latin := func(s string) string {
		b, err := charmap.Windows1252.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	wide := func(e unicode.Endianness, mark unicode.BOMPolicy, s string) string {
		b, err := unicode.UTF16(e, mark).NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Run("CSV-4 CSV-5 encodings and separators are recognised", func(t *testing.T) {
		for name, form := range map[string]string{
			"UTF-8": text, "UTF-8 with a mark": "\xEF\xBB\xBF" + text, "Windows-1252": latin(text), "semicolons": semicolons, "tabs": tabs,
			"UTF-16LE": wide(unicode.LittleEndian, unicode.UseBOM, text), "UTF-16BE": wide(unicode.BigEndian, unicode.UseBOM, tabs),
			"UTF-16LE without mark": wide(unicode.LittleEndian, unicode.IgnoreBOM, text), "CRLF": strings.ReplaceAll(text, "\n", "\r\n"),
			"no end of line": strings.TrimSuffix(text, "\n"), "blank lines": "\r\n\n" + text + "\n\n",
		} {
			_, all, bad := rows(t, form)
			if len(bad) != 0 || len(all) != 1 {
				t.Errorf("%s: %d rows, %v", name, len(all), bad)
				continue
			}
			if c := all[0].Contact; c.Name.Given != "Jané" || c.Nickname != "Schwester “J”" || c.Notes != "a;b\tc" {
				t.Errorf("%s: %+v", name, c)
			}
		}
	})

	t.Run("CSV-6 a damaged row is named by its line, and the rest goes on", func(t *testing.T) {
		for _, tt := range []struct{ rows, want, bad string }{
			{"Jane,1\nMary\nKitty,3\n", "Jane Kitty", "line 3: 1 values for 2 columns"},
			{"Jane,1\nMary,2,3\nKitty,3\n", "Jane Kitty", "line 3: 3 values for 2 columns"},
			{"Jane,1\nMary;2\nKitty,3\n", "Jane Kitty", `line 3: the row is separated by ";"`},
			{"Jane,\"1\n2\"\nMary,\"2\nKitty,3\nLydia,4\n", "Jane Kitty Lydia", "line 4: a quotation mark is not closed"},
			{"Jane,1\nMary,2\"x\"3\nKitty,3\n", "Jane Kitty", "line 3: bare"},
			{"Jane,1\nMary,\x01\nKitty,3\n", "Jane Kitty", `line 3: column "Notes" has characters that are no text`},
			{"Jane,\"" + strings.Repeat(strings.Repeat("x", 1000)+"\n", csv.MaxRowBytes/1000) + "\nKitty,3\n", "Kitty", "line 2: more than 1 MiB in one row"},
			{"Jane," + strings.Repeat("x", csv.MaxRowBytes) + "\nKitty,3\n", "Kitty", "line 2: more than 1 MiB in one row"},
			{"\n,\nJane,1\n", "Jane", ""},
		} {
			_, all, bad := rows(t, "First Name,Notes\n"+tt.rows)
			var names []string
			for _, r := range all {
				names = append(names, r.Contact.Name.Given)
			}
			if got := strings.Join(names, " "); got != tt.want || tt.bad == "" != (len(bad) == 0) || len(bad) > 0 && !strings.HasPrefix(bad[0], tt.bad) {
				t.Errorf("%.40q: %s, %.3q; want %s, %s", tt.rows, got, bad, tt.want, tt.bad)
			}
		}
	})

	t.Run("CSV-7 what is no such file is refused with what it is", func(t *testing.T) {
		for text, want := range map[string]string{
			"": "empty", "\n\n": "empty", "x\x00y\x01z,": "not text", "First Name|Last Name\nJane|Bennet\n": `separated by "|"`,
			"Vorname,Nachname\nJane,Bennet\n": `"Vorname,Nachname"`, "\"First Name,Last Name\nJane,Bennet\n": "not closed",
			strings.Repeat("x,", 1000): "...",
		} {
			if _, err := csv.NewReader(strings.NewReader(text)); !errors.Is(err, contacts.Invalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("NewReader(%.40q) = %v, want %s", text, err, want)
			}
		}
	})
}

func write(t testing.TB, cs ...*contacts.Contact) string {
	t.Helper()
	var s csv.Shape
	for _, c := range cs {
		s.Add(c)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out, &s)
	for _, c := range cs {
		if err := w.Write(c, []string{"* myContacts", "Sisters"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWriter(t *testing.T) {
	t.Run("CSV-8 the columns of today, and no more of the old ones than are needed", func(t *testing.T) {
		got := write(t, &contacts.Contact{Name: contacts.Name{Full: "Jane Bennet", Given: "Jane", Family: "Bennet"},
			Organizations: []contacts.Organization{{Rel: "work", Name: "Longbourn"}, {Label: "Fancy", Name: "Netherfield", Symbol: "N"}},
			Phones:        []contacts.Phone{{Rel: "home_fax", Number: "1", Primary: true}}, Gender: "female"})
		want := "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,Name Suffix,Nickname,File As," +
			"Organization Name,Organization Title,Organization Department,Birthday,Notes,Labels,Phone 1 - Label,Phone 1 - Value,Gender," +
			"Organization 1 - Type,Organization 1 - Name,Organization 1 - Yomi Name,Organization 1 - Title,Organization 1 - Department," +
			"Organization 1 - Symbol,Organization 1 - Location,Organization 1 - Job Description\n" +
			"Jane,,Bennet,,,,,,,,Longbourn,,,,,* myContacts ::: Sisters,* Home Fax,1,female,Fancy,Netherfield,,,,N,,\n"
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if got := write(t); !strings.HasPrefix(got, "First Name,") || strings.Count(got, "\n") != 1 {
			t.Errorf("of nobody: %q", got)
		}
	})

	t.Run("CSV-8 a whole name that does not follow from its parts has a column", func(t *testing.T) {
		c := &contacts.Contact{Name: contacts.Name{Full: "Lizzy", Given: "Elizabeth", Family: "Bennet"}}
		text := write(t, c)
		_, all, _ := rows(t, text)
		if len(all) != 1 || !reflect.DeepEqual(all[0].Contact.Name, c.Name) {
			t.Errorf("%s: %+v", text, all)
		}
	})
}

// FuzzReader holds that no file makes the reader panic or stop half-way, and
// that what it reads survives being written and read again.
func FuzzReader(f *testing.F) {
	f.Add([]byte(oldGoogle))
	f.Add([]byte("First Name;Business Phone;E-mail Address;Anniversary\r\nJane;1;jane@example.com;1/2/1811\r\n\"x;;\n"))
	f.Add([]byte("\xff\xfeF\x00i\x00r\x00s\x00t\x00 \x00N\x00a\x00m\x00e\x00\n\x00a\x00\n\x00"))
	f.Add([]byte("First Name\tNotes\nJ\xe9\t\"a\"\"b\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := csv.NewReader(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, contacts.Invalid) {
				t.Fatal(err)
			}
			return
		}
		for range bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 2 {
			row, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				if !errors.Is(err, contacts.Invalid) {
					t.Fatal(err)
				}
				continue
			}
			c := row.Contact
			if c.Validate() != nil {
				continue
			}
			first := write(t, c)
			again, err := csv.NewReader(strings.NewReader(first))
			if err != nil {
				t.Fatal(err)
			}
			row, err = again.Next()
			if err == io.EOF && fmt.Sprint(c) == fmt.Sprint(&contacts.Contact{}) {
				continue
			}
			if err != nil {
				t.Fatalf("%v of\n%s", err, first)
			}
			if second := write(t, row.Contact); len(row.Contact.Emails) != len(c.Emails) || len(row.Contact.Phones) != len(c.Phones) {
				t.Fatalf("written\n%s\nand then\n%s", first, second)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatalf("more rows than lines: %v", err)
		}
	})
}
