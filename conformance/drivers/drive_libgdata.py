"""Drives GDataContactsService of libgdata (the GNOME C library, version 3).

usage: drive_libgdata.py CA_FILE HOST:PORT USER PASSWORD [STEP]...

libgdata talks to https://www.google.com and nothing else. HOST:PORT is the
proxy of a server that stands in for it, and CA_FILE its authority.

Without a STEP all of them run. They build on each other and always run in the
order of the list at the end: a later step may be left out, but "ClientLogin"
and "create contact" may not.
"""
import ctypes
import os
import sys
import warnings

warnings.simplefilter('ignore')
import gi
gi.require_version('GData', '0.0')
from gi.repository import GData, Gio, GLib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import RUN, eq, ok, png, raises, run

CA_FILE, PROXY_AT, USER, PASSWORD = sys.argv[1:5]
WANTED = sys.argv[5:]

# libgdata trusts what the TLS library of the process trusts, and checks the
# server as it does everywhere; LIBGDATA_LAX_SSL_CERTIFICATES is not needed.
Gio.TlsBackend.get_default().set_default_database(Gio.TlsFileDatabase.new(os.path.abspath(CA_FILE)))

PROXY = Gio.SimpleProxyResolver.new('http://' + PROXY_AT, [])

CONTACTS = GData.ContactsService.get_primary_authorization_domain()
WORK, HOME = GData.GD_EMAIL_ADDRESS_WORK, GData.GD_EMAIL_ADDRESS_HOME
S = {}  # what one step leaves to the next: the service, a contact, a group


def login(password):
    a = GData.ClientLoginAuthorizer.new('exampleCo-exampleApp-1', GData.ContactsService)
    a.set_proxy_resolver(PROXY)
    a.authenticate(USER, password, None)
    return a


def service(authorizer):
    s = GData.ContactsService.new(authorizer)
    s.set_proxy_resolver(PROXY)
    return s


def failing(quark, code):
    return lambda x: isinstance(x, GLib.Error) and x.matches(quark, code)


def refused(code):
    return failing(GData.service_error_quark(), code)


def listing(fn=None, **kw):
    """A feed of contacts; kw are setters of ContactsQuery without set_."""
    q = GData.ContactsQuery.new(None)
    q.set_max_results(kw.pop('max_results', 1000))
    for k, v in kw.items():
        getattr(q, 'set_' + k)(v)
    return (fn or S['s'].query_contacts)(q, None, None, None)


def groups():
    return listing(S['s'].query_groups)


def by_id(feed, entry):
    return [x for x in feed.get_entries() if x.get_id() == entry.get_id()]


def refetch(entry=None):
    return S['s'].query_single_entry(CONTACTS, (entry or S['e']).get_id(), None, GData.ContactsContact, None)


def update(entry):
    return S['s'].update_entry(CONTACTS, entry, None)


def delete(entry):
    S['s'].delete_entry(CONTACTS, entry, None)


def new_contact(name, address):
    c = GData.ContactsContact.new(None)
    n = GData.GDName.new(None, None)
    n.set_full_name(name)
    c.set_name(n)
    c.add_email_address(GData.GDEmailAddress.new(address, WORK, None, True))
    return c


def people(kind, n):
    """Insert n contacts one by one."""
    return [S['s'].insert_contact(new_contact('%s %d %s' % (kind, i, RUN), '%s%d.%s@example.org' % (kind, i, RUN)), None)
            for i in range(n)]


# The introspection data declares a photo as one byte, so these two calls go
# through ctypes.
LIB, P = ctypes.CDLL('libgdata.so.22'), ctypes.c_void_p
LIB.gdata_contacts_contact_set_photo.argtypes = [P, P, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, P, P]
LIB.gdata_contacts_contact_get_photo.argtypes = [P, P, P, P, P, P]
LIB.gdata_contacts_contact_get_photo.restype = P


def set_photo(contact, data, kind):
    return bool(LIB.gdata_contacts_contact_set_photo(hash(contact), hash(S['s']), data, len(data or b''), kind, None, None))


def get_photo(contact):
    n, kind = ctypes.c_size_t(), ctypes.c_char_p()
    p = LIB.gdata_contacts_contact_get_photo(hash(contact), hash(S['s']), ctypes.byref(n), ctypes.byref(kind), None, None)
    return (ctypes.string_at(p, n.value) if p else None), kind.value


def t_bad_login():
    raises(lambda: login(PASSWORD + 'x'),
           failing(GData.client_login_authorizer_error_quark(), GData.ClientLoginAuthorizerError.BAD_AUTHENTICATION),
           'wrong password')


def t_login():
    S['s'] = service(login(PASSWORD))
    ok(S['s'].is_authorized(), 'not authorized')


def t_no_authorizer():
    raises(lambda: service(None).query_contacts(None, None, None, None),
           refused(GData.ServiceError.AUTHENTICATION_REQUIRED), 'no authorizer')


def t_create():
    c = GData.ContactsContact.new(None)
    n = GData.GDName.new('Elizabeth', 'Bennet' + RUN)
    n.set_prefix('Miss')
    c.set_name(n)
    c.set_content('Notes \u00e9 & <b>')
    c.set_nickname('Lizzy')
    c.set_occupation('reader')
    c.set_gender('female')
    c.set_birthday(GLib.Date.new_dmy(10, 12, 1991), True)
    c.add_email_address(GData.GDEmailAddress.new('liz.%s@example.org' % RUN, WORK, None, True))
    c.add_email_address(GData.GDEmailAddress.new('liz.%s@example.net' % RUN, None, 'book club', False))
    c.add_phone_number(GData.GDPhoneNumber.new('(206)555-1212', WORK, None, None, True))
    c.add_phone_number(GData.GDPhoneNumber.new('(206)555-1213', HOME, None, None, False))
    c.add_im_address(GData.GDIMAddress.new('liz@example.org', GData.GD_IM_PROTOCOL_GOOGLE_TALK, HOME, None, True))
    a = GData.GDPostalAddress.new(WORK, None, True)
    a.set_street('1 Gracechurch Street')
    a.set_city('London')
    a.set_region('Middlesex')
    a.set_postcode('EC3V 0BG')
    a.set_country('United Kingdom', 'GB')
    c.add_postal_address(a)
    c.add_organization(GData.GDOrganization.new('Longbourn', 'Daughter', WORK, None, True))
    c.add_website(GData.GContactWebsite.new('http://www.example.com/liz', 'home-page', None, False))
    c.add_relation(GData.GContactRelation.new('Jane', 'sister', None))
    c.set_user_defined_field('size', 'XL')
    c.set_extended_property('favourite flower', 'daisy')
    S['e'] = S['s'].insert_contact(c, None)
    S['want'] = {'given': 'Elizabeth', 'phone': '(206)555-1212'}
    same(S['e'])


def same(c):
    """c holds all that t_create sent, with the changes noted in S['want']."""
    w = S['want']
    eq(c.get_name().get_given_name(), w['given'], 'given name')
    eq(c.get_name().get_family_name(), 'Bennet' + RUN, 'family name')
    eq(c.get_name().get_prefix(), 'Miss', 'prefix')
    eq(c.get_name().get_full_name(), 'Miss %s Bennet%s' % (w['given'], RUN), 'full name')
    eq(c.get_title(), c.get_name().get_full_name(), 'title')
    eq(c.get_content(), 'Notes \u00e9 & <b>', 'content')
    eq((c.get_nickname(), c.get_occupation(), c.get_gender()), ('Lizzy', 'reader', 'female'), 'nickname, occupation, gender')
    has_year, d = c.get_birthday()
    eq(has_year, True, 'birthday has a year')
    eq((d.get_day(), int(d.get_month()), d.get_year()), (10, 12, 1991), 'birthday')
    eq([(m.get_address(), m.get_relation_type(), m.get_label(), m.is_primary()) for m in c.get_email_addresses()],
       [('liz.%s@example.org' % RUN, WORK, None, True), ('liz.%s@example.net' % RUN, None, 'book club', False)], 'emails')
    eq([(m.get_number(), m.get_relation_type(), m.is_primary()) for m in c.get_phone_numbers()],
       [(w['phone'], WORK, True), ('(206)555-1213', HOME, False)], 'phones')
    eq([(m.get_address(), m.get_protocol(), m.get_relation_type()) for m in c.get_im_addresses()],
       [('liz@example.org', GData.GD_IM_PROTOCOL_GOOGLE_TALK, HOME)], 'im')
    a = c.get_primary_postal_address()
    eq((a.get_street(), a.get_city(), a.get_postcode(), a.get_country(), a.get_country_code()),
       ('1 Gracechurch Street', 'London', 'EC3V 0BG', 'United Kingdom', 'GB'), 'address')
    eq(a.get_address(), '1 Gracechurch Street\nLondon, Middlesex EC3V 0BG\nUnited Kingdom', 'formatted address')
    eq([(o.get_name(), o.get_title()) for o in c.get_organizations()], [('Longbourn', 'Daughter')], 'organization')
    eq([(x.get_uri(), x.get_relation_type()) for x in c.get_websites()], [('http://www.example.com/liz', 'home-page')], 'website')
    eq([(x.get_name(), x.get_relation_type()) for x in c.get_relations()], [('Jane', 'sister')], 'relation')
    eq(c.get_user_defined_field('size'), 'XL', 'user defined field')
    eq(c.get_extended_property('favourite flower'), 'daisy', 'extended property')


def t_server_parts():
    e = S['e']
    ok(e.get_id() and e.get_etag() and e.get_updated() > 0 and e.get_edited() > 0, 'id, gd:etag, updated, app:edited')
    for rel in (GData.LINK_SELF, GData.LINK_EDIT, 'http://schemas.google.com/contacts/2008/rel#photo'):
        ok(e.look_up_link(rel) is not None, 'link ' + rel)
    ok(any(c.get_term() == 'http://schemas.google.com/contact/2008#contact' for c in e.get_categories()), 'kind')
    eq(e.get_photo_etag(), None, 'photo etag of a contact without photo')


def t_get():
    same(refetch())
    eq(refetch().get_etag(), S['e'].get_etag(), 'etag')


def t_list():
    f = listing()
    ok(f.get_id() and f.get_updated() > 0, 'id, updated')
    eq((f.get_total_results(), f.get_start_index(), f.get_items_per_page()), (len(f.get_entries()), 1, 1000), 'openSearch 1.1 numbers')
    eq(len(by_id(f, S['e'])), 1, 'times in the feed')
    same(by_id(f, S['e'])[0])
    eq([a.get_email_address() for a in f.get_authors()], [USER], 'author')


def t_query():
    day = 86400
    now = S['e'].get_updated()  # the clock of the server
    eq(by_id(listing(updated_min=now + day), S['e']), [], 'updated-min tomorrow')
    eq(len(by_id(listing(updated_min=now - day), S['e'])), 1, 'updated-min yesterday')
    others = people('query', 3)
    for i, order in enumerate(('ascending', 'descending')):
        found = listing(order_by='lastmodified', sort_order=order)
        times = [x.get_updated() for x in found.get_entries()]
        eq(times, sorted(times, reverse=bool(i)), order)
        ids = [x.get_id() for x in found.get_entries() if x.get_id() in [o.get_id() for o in others]]
        eq(ids, sorted(ids, key=[o.get_id() for o in others].index, reverse=bool(i)), order + ' order of what was inserted')
    eq([x.get_id() for x in listing(max_results=2, start_index=2).get_entries()],
       [x.get_id() for x in listing().get_entries()][1:3], 'start-index and max-results')
    q = GData.ContactsQuery.new('query1')
    eq([x.get_id() for x in S['s'].query_contacts(q, None, None, None).get_entries()], [others[1].get_id()], 'q')


def t_update():
    S['stale'] = refetch()
    c = refetch()
    n = c.get_name()
    n.set_given_name('Eliza')
    n.set_full_name(None)
    for p in c.get_phone_numbers():
        if p.is_primary():
            p.set_number('(555)555-1212')
    r = update(c)
    S['want'] = {'given': 'Eliza', 'phone': '(555)555-1212'}
    same(r)
    ok(r.get_etag() != S['stale'].get_etag(), 'etag did not change')
    same(refetch())


def t_stale():
    S['stale'].set_nickname('Stale')
    raises(lambda: update(S['stale']), refused(GData.ServiceError.CONFLICT), 'update with an old etag')
    raises(lambda: delete(S['stale']), refused(GData.ServiceError.CONFLICT), 'delete with an old etag')
    same(refetch())


def t_photo():
    p = png(10)
    c = refetch()
    ok(set_photo(c, p, b'image/png'), 'set_photo')
    ok(c.get_photo_etag(), 'the answer to the upload must carry an ETag header')
    c = refetch()
    ok(c.get_photo_etag(), 'gd:etag on the photo link')
    eq(get_photo(c), (p, b'image/png'), 'photo bytes and type')
    p = png(60)
    ok(set_photo(c, p, b'image/png'), 'set_photo again')
    eq(get_photo(refetch())[0], p, 'replaced photo')


def t_photo_delete():
    ok(set_photo(refetch(), None, None), 'delete photo')
    eq(refetch().get_photo_etag(), None, 'photo etag after delete')


def t_groups():
    system = [g.get_system_group_id() for g in groups().get_entries()]
    eq(system[:4], ['Contacts', 'Friends', 'Family', 'Coworkers'], 'system groups')
    g = GData.ContactsGroup.new(None)
    g.set_title('friends ' + RUN)
    g.set_extended_property('colour', 'blue')
    g = S['s'].insert_group(g, None)
    eq((g.get_title(), g.get_extended_property('colour')), ('friends ' + RUN, 'blue'), 'group')
    g.set_title('best friends ' + RUN)
    S['g'] = update(g)
    eq(S['g'].get_title(), 'best friends ' + RUN, 'updated title')
    raises(lambda: update(g), refused(GData.ServiceError.CONFLICT), 'stale group')
    eq([x.get_title() for x in by_id(groups(), g)], ['best friends ' + RUN], 'in the feed')


def t_member():
    c = refetch()
    c.add_group(S['g'].get_id())
    r = update(c)
    eq([g.replace('/base/', '/full/') for g in r.get_groups()], [S['g'].get_id()], 'membership')
    eq([x.get_id() for x in listing(group=S['g'].get_id()).get_entries()], [S['e'].get_id()], 'contacts of the group')
    for href in r.get_groups():
        r.remove_group(href)
    r = update(r)
    eq(r.get_groups(), [], 'memberships after leaving')
    eq(listing(group=S['g'].get_id()).get_entries(), [], 'contacts of the group after leaving')


def t_group_delete():
    delete(S['g'])
    eq(by_id(groups(), S['g']), [], 'deleted group in the feed')


def run_batch(fill):
    op = S['s'].create_operation(CONTACTS, listing().look_up_link(GData.LINK_BATCH).get_uri())
    out = {}

    def done(op_id, op_type, entry, error, data=None):
        out[op_id] = (entry, error)
    ids = fill(op, done)
    good = op.run(None)
    while GLib.MainContext.default().iteration(False):
        pass
    return [out.get(i) for i in ids], good


def t_batch():
    def insert(op, done):
        return [op.add_insertion(new_contact('Batch %d %s' % (i, RUN), 'b%d.%s@example.org' % (i, RUN)), done) for i in range(4)]
    r, good = run_batch(insert)
    ok(good, 'batch run failed')
    eq([x[0].get_name().get_full_name() for x in r], ['Batch %d %s' % (i, RUN) for i in range(4)], 'names')
    ok(all(x[0].get_id() and x[0].get_etag() for x in r), 'ids and etags')
    b = [x[0] for x in r]
    b[0].get_name().set_full_name('Batch changed ' + RUN)
    r, good = run_batch(lambda op, done: [op.add_update(b[0], done), op.add_query(b[2].get_id(), GData.ContactsContact, done)])
    eq(r[0][0].get_name().get_full_name(), 'Batch changed ' + RUN, 'updated name')
    eq(r[1][0].get_name().get_full_name(), 'Batch 2 ' + RUN, 'queried name')
    r, good = run_batch(lambda op, done: [op.add_deletion(b[1], done)])
    ok(good, 'batch deletion')
    eq(by_id(listing(), b[1]), [], 'deleted contact in the feed')


def t_paging():
    people('page', 5)
    q, seen = GData.ContactsQuery.new(None), []
    q.set_max_results(2)
    while True:
        f = S['s'].query_contacts(q, None, None, None)
        page = [e.get_id() for e in f.get_entries()]
        ok(len(page) <= 2, 'page too long')
        seen += page
        if f.look_up_link('http://www.iana.org/assignments/relation/next') is None or len(seen) > 2000:
            break
        q.next_page()
    ok(len(seen) > 4, 'more than two pages')
    eq(seen, [e.get_id() for e in listing().get_entries()], 'pages against one page')


def t_sync():
    same_since, changed, gone = people('sync', 3)
    # libgdata's times are whole seconds: what is not to be in the delta must be
    # of an earlier second than the mark.
    marker = S['s'].insert_contact(new_contact('Marker ' + RUN, 'marker.%s@example.org' % RUN), None)
    while marker.get_updated() <= same_since.get_updated():
        marker = update(marker)
    mark = listing().get_updated()
    changed.get_name().set_full_name('Synced ' + RUN)
    update(changed)
    delete(gone)
    d = dict((x.get_id(), x) for x in listing(updated_min=mark, show_deleted=True).get_entries())
    ok(changed.get_id() in d and gone.get_id() in d, 'delta misses entries')
    eq(d[changed.get_id()].get_name().get_full_name(), 'Synced ' + RUN, 'changed name')
    eq((d[gone.get_id()].is_deleted(), d[changed.get_id()].is_deleted()), (True, False), 'gd:deleted marks')
    ok(same_since.get_id() not in d, 'unchanged contact in delta')
    eq(by_id(listing(updated_min=mark), gone), [], 'deleted contact without showdeleted')


def t_delete():
    c = refetch()
    delete(c)
    raises(lambda: refetch(c), refused(GData.ServiceError.NOT_FOUND), 'get after delete')
    eq(by_id(listing(), c), [], 'deleted contact in the feed')
    eq([x.is_deleted() for x in by_id(listing(show_deleted=True), c)], [True], 'placeholder')


def t_clean_up():
    """Delete everything; a person's groups hold system groups, which stay."""
    for e in listing().get_entries():
        delete(e)
    eq(listing().get_entries(), [], 'contacts left')
    for g in groups().get_entries():
        if g.get_system_group_id() is None:
            delete(g)
    eq(len(groups().get_entries()), 4, 'groups left')


run([
    ('login refused with a wrong password', t_bad_login),
    ('ClientLogin', t_login),
    ('query without authorizer refused', t_no_authorizer),
    ('create contact', t_create),
    ('server-made parts of the entry', t_server_parts),
    ('get contact by its id', t_get),
    ('list feed', t_list),
    ('query parameters', t_query),
    ('update contact', t_update),
    ('conflict on a stale etag', t_stale),
    ('photo add, get, replace', t_photo),
    ('photo delete', t_photo_delete),
    ('groups: list, create, update, stale', t_groups),
    ('join and leave a group', t_member),
    ('delete group', t_group_delete),
    ('batch', t_batch),
    ('paging', t_paging),
    ('incremental sync', t_sync),
    ('delete contact', t_delete),
    ('clean up', t_clean_up),
], WANTED)
