// Drives the .NET library of the original service (Google.GData, version 2.2).
//
// usage: dotnet.exe PROXY AUTHORITY KEY_XML CONSUMER_KEY CONSUMER_SECRET DOMAIN USER PASSWORD
//
// The library talks to https://www.google.com and nothing else. PROXY is the
// URL of the proxy of a server that stands in for it, AUTHORITY the file of the
// authority that its certificates come from, and KEY_XML the file with the RSA key
// of the program.
//
// Where a user has to agree, it prints "open URL" and reads the address that the
// browser ended at, or the verifier that the user saw. Each step ends in a line
// "PASS step" or "FAIL step: reason".
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Contacts;
using Google.GData.Client;
using Google.GData.Contacts;
using Google.GData.Extensions;

static class Driver
{
    const string App = "exampleCo-exampleApp-1";
    const string Scope = "https://www.google.com/m8/feeds/";

    static int Main(string[] args)
    {
        ServicePointManager.DefaultConnectionLimit = 100; // the library leaves refusals unread, each with its connection
        WebRequest.DefaultWebProxy = new WebProxy(args[0]);
        string issuer = new X509Certificate2(args[1]).Subject; // Mono does not know the limits of this authority
        ServicePointManager.ServerCertificateValidationCallback = (sender, certificate, chain, errors) =>
            chain.ChainElements.Cast<X509ChainElement>().Any(e => e.Certificate.Issuer == issuer);
        var key = new RSACryptoServiceProvider();
        key.FromXmlString(File.ReadAllText(args[2]));
        string consumer = args[3], secret = args[4], domain = args[5], user = args[6], password = args[7];

        Step("ClientLogin", () => Use(new RequestSettings(App, user, password), "Jane Bennet"));
        Step("AuthSub", () =>
        {
            string token = AuthSub(false, null);
            var info = AuthSubUtil.GetTokenInfo(token, null);
            Same(info["Target"], "http://cards.example");
            Same(info["Secure"], "false");
            Use(new RequestSettings(App, token), "Mary Bennet");
            AuthSubUtil.revokeToken(token, null);
            Refused(() => Use(new RequestSettings(App, token), "Lydia Bennet"));
        });
        Step("secure AuthSub", () =>
        {
            string token = AuthSub(true, key);
            Same(AuthSubUtil.GetTokenInfo(token, key)["Secure"], "true");
            Use(new RequestSettings(App, token, key), "Kitty Bennet");
            Refused(() => Use(new RequestSettings(App, token), "Lydia Bennet"));
            Refused(() => Use(new RequestSettings(App, token, new RSACryptoServiceProvider(1024)), "Lydia Bennet"));
            AuthSubUtil.revokeToken(token, key);
        });
        Step("OAuth 1.0a, three-legged", () =>
        {
            var p = new OAuthParameters { ConsumerKey = consumer, ConsumerSecret = secret, Scope = Scope,
                SignatureMethod = OAuthBase.HMACSHA1SignatureType, Callback = "http://cards.example/back?x=y" };
            OAuthUtil.GetUnauthorizedRequestToken(p);
            OAuthUtil.UpdateOAuthParametersFromCallback(new Uri(Open(OAuthUtil.CreateUserAuthorizationUrl(p))).Query, p);
            OAuthUtil.GetAccessToken(p);
            Use(new RequestSettings(App, consumer, secret, p.Token, p.TokenSecret, null, null), "Charlotte Lucas");
            Refused(() => Use(new RequestSettings(App, consumer, secret + "x", p.Token, p.TokenSecret, null, null), "Lydia Bennet"));
        });
        Step("OAuth 1.0a, two-legged", () =>
        {
            string name = user.Split('@')[0];
            Use(new RequestSettings(App, consumer, secret, name, domain), "Maria Lucas");
            Refused(() => Use(new RequestSettings(App, consumer, secret, name, "example.org"), "Lydia Bennet"));
        });
        return 0;
    }

    static void Step(string name, Action step)
    {
        try
        {
            step();
            Console.WriteLine("PASS " + name);
        }
        catch (Exception e)
        {
            Console.WriteLine("FAIL " + name + ": " + e.ToString().Replace("\n", " | "));
        }
    }

    // Open lets the user agree in a browser, and returns where that ended.
    static string Open(string url)
    {
        Console.WriteLine("open " + url);
        return Console.ReadLine();
    }

    // AuthSub returns a session token.
    static string AuthSub(bool secure, AsymmetricAlgorithm key)
    {
        string next = Open(AuthSubUtil.getRequestUrl("http://cards.example/back", Scope, secure, true));
        string once = AuthSubUtil.getTokenFromReply(new Uri(next));
        string token = AuthSubUtil.exchangeForSessionToken(once, key);
        if (token == once)
            throw new Exception("the token was not exchanged");
        return token;
    }

    // Use writes a contact, changes it, reads all contacts, and deletes it.
    static void Use(RequestSettings settings, string name)
    {
        settings.AutoPaging = true;
        var request = new ContactsRequest(settings);
        var contact = new Contact { Name = new Name { FullName = name } };
        contact.Emails.Add(new EMail { Primary = true, Rel = ContactsRelationships.IsHome, Address = "jane@example.com" });
        var made = request.Insert(new Uri(ContactsQuery.CreateContactsUri("default")), contact);
        made.Content = "knows Mr. Bingley & his sisters";
        var changed = request.Update(made);
        Same(changed.Content, made.Content);
        if (!request.GetContacts().Entries.Any(c => c.Name.FullName == name))
            throw new Exception("the feed has no " + name);
        request.Delete(changed);
        if (request.GetContacts().Entries.Any(c => c.Name.FullName == name))
            throw new Exception("the feed still has " + name);
    }

    static void Refused(Action action)
    {
        try
        {
            action();
        }
        catch (GDataRequestException)
        {
            return;
        }
        throw new Exception("a request that should be refused was not");
    }

    static void Same(string got, string want)
    {
        if (got != want)
            throw new Exception("got " + got + ", want " + want);
    }
}
