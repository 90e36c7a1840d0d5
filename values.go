package contacts

// The values that the attributes of an entry may have (3.6 to 3.8). Rels of gd
// elements and IM protocols stand here without the schema's URI before them.

type set map[string]bool

func setOf(words ...string) set {
	s := make(set, len(words))
	for _, w := range words {
		s[w] = true
	}
	return s
}

var (
	commonRels       = setOf("home", "work", "other")
	organizationRels = setOf("work", "other")
	imRels           = setOf("home", "work", "other", "netmeeting")
	imProtocols      = setOf("AIM", "MSN", "YAHOO", "SKYPE", "QQ", "GOOGLE_TALK", "ICQ", "JABBER", "NETMEETING")
	phoneRels        = setOf("assistant", "callback", "car", "company_main", "fax", "general", "home", "home_fax",
		"internal-extension", "isdn", "main", "mobile", "other", "other_fax", "pager", "radio", "satellite", "telex",
		"tty_tdd", "voip", "work", "work_fax", "work_mobile", "work_pager")
	mailClasses    = setOf("both", "letters", "parcels", "neither")
	usages         = setOf("general", "local")
	genders        = setOf(GenderMale, GenderFemale)
	sensitivity    = setOf("confidential", "normal", "personal", "private")
	priorities     = setOf("low", "normal", "high")
	eventRels      = setOf("anniversary", "other")
	externalIDRels = setOf("account", "customer", "network", "organization")
	relationRels   = setOf("assistant", "brother", "child", "domestic-partner", "father", "friend", "manager", "mother",
		"parent", "partner", "referred-by", "relative", "sister", "spouse")
	websiteRels  = setOf("blog", "ftp", "home", "home-page", "other", "profile", "work")
	calendarRels = setOf("free-busy", "home", "work")
	jotRels      = setOf("home", "keywords", "other", "user", "work")
)
