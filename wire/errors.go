package wire

import "contacts"

// AppendErrors appends the error document of versions 2 and 3. The path of an
// error, which begins below the entry, becomes an XPath.
func AppendErrors(b []byte, errs ...*contacts.Error) []byte {
	b = append(b, xmlDeclaration+"<errors xmlns='"+gdNS+"'>"...) // ERR-2
	for _, e := range errs {
		code, reason := string(e.Code), e.Reason
		if code == "" {
			code = "other"
		}
		if reason == "" {
			reason = string(e.Kind)
		}
		b = append(b, "<error><domain>GData</domain><code>"...) // ERR-3
		b = append(appendText(b, code), "</code>"...)
		if e.Path != "" {
			b = append(b, "<location type='xpath'>/entry/"...)
			b = append(appendText(b, e.Path), "</location>"...)
		}
		b = append(b, "<internalReason>"...)
		b = append(appendText(b, reason), "</internalReason></error>"...)
	}
	return append(b, "</errors>"...)
}
