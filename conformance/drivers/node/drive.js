// Drives npm packages that read and write the contacts of the original service.
//
//   usage: node drive.js TOKEN
//
// TOKEN is an access token of OAuth 2.0 of somebody who has three contacts or
// more, one of them with an e-mail address. The packages have
// https://www.google.com built in. HTTPS_PROXY in the environment is the proxy
// of a server that stands in for it, NODE_EXTRA_CA_CERTS its authority, and
// NODE_PATH where the packages are.
//
// Prints a line "PASS step" or "FAIL step: why" for each step, and exits 1 when
// one failed.
'use strict';
process.removeAllListeners('warning'); // the packages are old, and Node says so
const http = require('http');
const https = require('https');
const tls = require('tls');

const token = process.argv[2];
const proxy = new URL(process.env.HTTPS_PROXY);

// Node before 24 does not look at HTTPS_PROXY by itself, nor do those of the
// packages that use it directly.
class Tunnel extends https.Agent {
  createConnection(options, done) {
    const ask = http.request({host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: `${options.host}:${options.port}`});
    ask.on('connect', (res, socket) => {
      if (res.statusCode !== 200) return done(new Error(`the proxy says ${res.statusCode}`));
      done(null, tls.connect({...options, socket, servername: options.host}));
    });
    ask.on('error', done);
    ask.end();
  }
}
https.globalAgent = new Tunnel();
delete globalThis.fetch; // as it was when the packages were written: they bring one that uses https

let failed = 0;

async function step(name, f) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('no answer')), 900000); });
  try {
    await Promise.race([f(), late]);
    console.log('PASS ' + name);
  } catch (e) {
    failed++;
    console.log('FAIL ' + name + ': ' + (e && e.message || JSON.stringify(e)).replace(/\s+/g, ' '));
  } finally {
    clearTimeout(timer);
  }
}

function check(is, what, got) {
  if (!is) throw new Error(what + ': ' + JSON.stringify(got).slice(0, 300));
}

// call gives f the callback that the packages want.
const call = f => new Promise((resolve, reject) => f((err, value) => err ? reject(err) : resolve(value)));

const withAddress = list => list.some(x => /@/.test(x.email || ''));
const ids = list => list.map(x => x.id).sort().join(' ');

async function main() {
  let all; // what the first package lists

  await step('google-contacts lists, thin', async () => {
    const {GoogleContacts} = require('google-contacts');
    all = await call(cb => new GoogleContacts({token}).getContacts(cb, {}));
    check(all.length >= 3 && withAddress(all) && all.every(x => x.id), 'contacts', all);
  });
  await step('google-contacts reads one by its id', async () => {
    const {GoogleContacts} = require('google-contacts');
    const got = await call(cb => new GoogleContacts({token, thin: false}).getContact(cb, {id: all[0].id}));
    check(got.entry.id.$t.endsWith('/' + all[0].id), 'contact', got);
  });
  await step('google-contacts pages, two at a time', async () => {
    const {GoogleContacts} = require('google-contacts');
    const got = await call(cb => new GoogleContacts({token}).getContacts(cb, {'max-results': 2}));
    check(ids(got) === ids(all), 'contacts by page', got);
  });
  await step('google-contacts-api lists', async () => {
    const GoogleContacts = require('google-contacts-api');
    const got = await call(cb => new GoogleContacts({token}).getContacts({}, cb));
    check(got.length === all.length, 'contacts', got);
  });
  await step('google-contacts-oauth lists', async () => {
    const got = await call(cb => require('google-contacts-oauth')({token}, cb));
    check(withAddress(got), 'contacts', got);
  });
  await step('google-contacts-with-photos lists', async () => {
    const got = await require('google-contacts-with-photos')({token});
    check(withAddress(got), 'contacts', got);
  });
  await step('google-contacts-crud adds, lists, updates, deletes', async () => {
    const GoogleContacts = require('google-contacts-crud');
    const client = new GoogleContacts('id', 'secret');
    client.setUserCredentials({access_token: token, refresh_token: 'none', expiry_date: Date.now() + 1e7});
    const mary = phoneNumber => ({name: 'Mary Bennet', display_name: 'Mary Bennet', email: 'mary@example.com', is_primary: true,
      contact_type: 'other', phoneNumber, headers: {}});
    const added = (await call(cb => client.addContact(mary('555'), cb))).contacts[0];
    check(added.email === 'mary@example.com' && added.etag, 'added', added);
    const listed = await call(cb => client.getContacts({contact_id: added.id}, cb));
    check(listed.length === 1 && listed[0].phoneNumber === '555', 'listed', listed);
    const updated = (await call(cb => client.upContact({contact_id: added.id, etag: listed[0].etag}, mary('556'), cb))).contacts[0];
    check(updated.etag !== listed[0].etag, 'updated', updated);
    const again = await call(cb => client.getContacts({contact_id: added.id}, cb));
    check(again.length === 1 && again[0].phoneNumber === '556', 'listed after the update', again);
    await call(cb => client.deleteContacts({contact_ids: [added.id], headers: {}}, cb));
    const left = await call(cb => client.getContacts({}, cb));
    check(!left.some(x => x.id === added.id), 'left', left);
  });
  await step('a certificate of another authority is refused', async () => {
    const got = await call(cb => https.get({host: 'www.google.com', path: '/healthz', ca: []}, res => cb(null, res.statusCode))
      .on('error', e => cb(null, e.code)));
    check(got === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' || got === 'SELF_SIGNED_CERT_IN_CHAIN' || got === 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'answer', got);
  });
  process.exit(failed ? 1 : 0);
}

main();
