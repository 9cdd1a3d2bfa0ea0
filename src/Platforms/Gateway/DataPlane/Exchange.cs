using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Platforms.Gateway;

/// <summary>One request after the other of one client's connection: who it is from, where it goes, how it is counted.</summary>
internal sealed class Exchange
{
    private readonly Listener _listener;
    private readonly IFeatureCollection _features;
    private readonly IHttpRequestFeature _request;
    private readonly IHttpResponseFeature _response;
    private readonly IPAddress? _peer;
    private readonly ClientPresence _presence;

    private ListenerSettings? _settings;
    private bool _trusted;
    private StickyCookie? _sticky;
    private string? _probeRevision;

    public Exchange(Listener listener, IFeatureCollection features)
    {
        _listener = listener;
        _features = features;

        // Kestrel's features are one object for the whole connection, and nothing here replaces them.
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        _response = features.GetRequiredFeature<IHttpResponseFeature>();
        _peer = features.Get<IHttpConnectionFeature>()?.RemoteIpAddress;
        _presence = new ClientPresence(features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed);
    }

    public async Task ProcessAsync()
    {
        var time = _listener.Options.TimeProvider;
        var started = time.GetTimestamp();
        if (RefusesRequest())
        {
            return;
        }

        var headers = _request.Headers;
        var settings = ApplySettings();
        var isProbe = IsProbe(headers);
        _sticky = settings.Spec.Sticky is { Kind: ClientSourceKind.Cookie } cookie
            ? StickyCookie.Parse(ClientIdentity.ValueOf(headers, ClientSourceKind.Cookie, cookie.Name))
            : null;

        var route = _listener.Enter(static (routes, exchange) => exchange.Choose(routes), this);
        if (route is null)
        {
            Problem.Answer(_features, 503, "No revision", _probeRevision is null
                ? "No revision of this service takes traffic now."
                : "The gateway does not know the revision that the probe asks for.");
            return;
        }

        try
        {
            var client = 0UL;
            var isFirst = false;
            if (!isProbe)
            {
                client = ClientIdentity.Of(headers, _peer, _trusted, _sticky, settings, _listener.Hash);
                isFirst = _listener.Clients.Arrive(client, Seconds(time));
            }

            using var forwarding = new Forwarding(_listener, _features, route, _presence, _peer, _trusted)
            {
                SetCookie = KeepClient(settings, route.Revision),
            };
            var status = await forwarding.RunAsync();
            if (status is not null && !isProbe)
            {
                var latency = time.GetElapsedTime(started, forwarding.HeadAt ?? time.GetTimestamp());
                var news = _listener.Clients.Complete(client, route.Revision.Id, RevisionCounters.IsError(status.Value), Seconds(time));
                route.Revision.Counters.Add(status.Value, isFirst, news, latency);
            }

            if (forwarding.Tunnel is { } tunnel)
            {
                await tunnel.RunAsync();
            }
        }
        catch (Exception e)
        {
            _listener.Logger.Failed(e, _listener.Service, _listener.Environment);
            throw;
        }
        finally
        {
            route.Revision.Leave();
        }
    }

    private static long Seconds(TimeProvider time) => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Refuses what Kestrel lets through and a reverse proxy must not.</summary>
    private bool RefusesRequest()
    {
        if (HttpMethods.IsConnect(_request.Method))
        {
            Problem.Answer(_features, 405, "Method not allowed", "This is not a forward proxy.");
            return true;
        }

        // Kestrel believes Transfer-Encoding, in HTTP/1.0 too, and renames a Content-Length beside it: attacks (RFC 9112 §6.1).
        if (_request.Headers.TransferEncoding.Count > 0
            && (_request.Headers.ContainsKey("X-Content-Length") || HttpProtocol.IsHttp10(_request.Protocol)))
        {
            _response.Headers.Connection = "close";
            Problem.Answer(_features, 400, "Bad request", "Transfer-Encoding goes neither with Content-Length nor with HTTP/1.0.");
            return true;
        }

        return false;
    }

    private ListenerSettings ApplySettings()
    {
        var settings = _listener.Settings;
        if (!ReferenceEquals(settings, _settings))
        {
            _settings = settings;
            _trusted = _peer is not null && settings.Trusts(_peer);
        }

        return settings;
    }

    private bool IsProbe(IHeaderDictionary headers)
    {
        _probeRevision = null;
        if (_listener.Options.ProbeToken is not { } token || !headers.TryGetValue(ProbeHeaders.Token, out var given)
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(given.ToString())))
        {
            return false;
        }

        _probeRevision = headers.TryGetValue(ProbeHeaders.Revision, out var revision) ? revision.ToString() : null;
        return true;
    }

    private Route? Choose(Routes routes)
    {
        if (_probeRevision is { } revision)
        {
            return routes.Find(revision);
        }

        var kept = _settings!.Spec.Sticky switch
        {
            { Kind: ClientSourceKind.Cookie } => _sticky is { } cookie ? routes.Stay(cookie.RevisionId) : null,
            { Kind: ClientSourceKind.Header } sticky =>
                ClientIdentity.ValueOf(_request.Headers, ClientSourceKind.Header, sticky.Name) is { IsEmpty: false } value
                    ? routes.Spread(value)
                    : null,
            _ => null,
        };
        return kept ?? routes.Draw(_listener.NextPoint());
    }

    /// <summary>The cookie that keeps the client on its revision, unless it has that already.</summary>
    private string? KeepClient(ListenerSettings settings, Revision revision)
    {
        if (settings.Spec.Sticky is not { Kind: ClientSourceKind.Cookie } cookie || _probeRevision is not null || _sticky?.RevisionId == revision.Id)
        {
            return null;
        }

        var client = _sticky?.Client ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        return new StickyCookie(revision.Id, client).ToSetCookie(cookie.Name);
    }
}
