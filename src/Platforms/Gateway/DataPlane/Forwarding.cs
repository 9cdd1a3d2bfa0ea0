using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Platforms.Gateway;

/// <summary>One request on its way to a replica and its answer on the way back.</summary>
internal sealed class Forwarding : IDisposable
{
    // A replica may say 102 or 103 now and then; one that never comes to the point is broken.
    private const int MaxInterimAnswers = 32;

    private readonly Listener _listener;
    private readonly IFeatureCollection _features;
    private readonly Route _route;
    private readonly ClientPresence _presence;
    private readonly IHttpRequestFeature _request;
    private readonly IHttpResponseFeature _response;
    private readonly bool _hasBody;
    private readonly bool _isUpgrade;
    private readonly bool _isRepeatable;
    private readonly RequestHead _head;
    private bool _hasBodyBegun;

    public Forwarding(Listener listener, IFeatureCollection features, Route route, ClientPresence presence, IPAddress? peer, bool trusted)
    {
        _listener = listener;
        _features = features;
        _route = route;
        _presence = presence;
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        _response = features.GetRequiredFeature<IHttpResponseFeature>();
        _isUpgrade = features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest ?? false;
        _hasBody = !_isUpgrade && (features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? false);
        _isRepeatable = !_hasBody && !_isUpgrade && IsIdempotent(_request.Method);
        _head = new RequestHead(_request, peer, trusted, _hasBody && _request.Headers.ContentLength is null, _isUpgrade);
    }

    /// <summary>A cookie to add to the answer.</summary>
    public string? SetCookie { get; init; }

    /// <summary>When the head of the answer came, where that ends the request's latency: for event streams.</summary>
    public long? HeadAt { get; private set; }

    /// <summary>What to run after the request has been counted, when the connection has changed its protocol.</summary>
    public Tunnel? Tunnel { get; private set; }

    /// <returns>The status of the answer; 0 when it was cut short; null when the client did not wait for it.</returns>
    public async Task<int?> RunAsync()
    {
        if (_head.IsMalformed)
        {
            Refuse(400, "Bad request", "A header field's name has characters that none can have.");
            return null;
        }

        if (_route.Replicas.Length == 0)
        {
            return Refuse(503, "No replica is ready", "The revision that takes this request has no ready replica.");
        }

        var fresh = false;
        while (true)
        {
            var connection = await ConnectAsync(fresh);
            if (connection is null)
            {
                return _presence.IsGone ? null : _response.StatusCode;
            }

            _presence.Attach(connection);
            var body = _hasBody ? new RequestBody(_features, connection, _listener.Options) : null;
            try
            {
                var status = await ExchangeAsync(connection, body);
                if (Tunnel is null)
                {
                    await FinishAsync(connection, body);
                }

                return status;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException or MalformedResponseException)
            {
                var aborted = connection.Aborted;
                var mayRepeat = _isRepeatable && connection.IsReused && !connection.HasAnswered && aborted == AbortReason.None && !fresh;
                _presence.Detach();
                connection.Abort(AbortReason.Finished);
                var bodyEnd = body is null ? BodyEnd.Complete : await body.StopAsync();
                connection.Pool.Close(connection);
                if (!mayRepeat)
                {
                    return Fail(aborted, bodyEnd, e);
                }

                fresh = true;
            }
            catch
            {
                // A fault of ours must not leave a connection behind in the middle of an exchange.
                _presence.Detach();
                connection.Pool.Close(connection);
                throw;
            }
        }
    }

    public void Dispose() => _head.Dispose();

    private static bool IsIdempotent(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method)
        || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method);

    /// <summary>A connection to one of the replicas; null after answering that none takes one.</summary>
    private async ValueTask<UpstreamConnection?> ConnectAsync(bool fresh)
    {
        var first = _route.Revision.NextTurn();
        var replicas = _route.Replicas;
        Exception? failure = null;
        for (var i = 0; i < replicas.Length; i++)
        {
            var pool = replicas[(first + i) % replicas.Length];
            if (!fresh && pool.TryTake(alive: !_isRepeatable) is { } waiting)
            {
                return waiting;
            }

            try
            {
                return await pool.ConnectAsync();
            }
            catch (Exception e) when (e is SocketException or TimeoutException)
            {
                failure = e;
            }
        }

        _listener.Logger.Unanswered(_route.Revision.Name, failure!.Message);
        _ = failure is TimeoutException
            ? Refuse(504, "Replica does not answer", "No replica accepted a connection in time.")
            : Refuse(502, "Replica does not answer", "Every replica refused the connection.");
        return null;
    }

    private async Task<int> ExchangeAsync(UpstreamConnection connection, RequestBody? body)
    {
        await connection.SendAsync(_head.Bytes);
        body?.Start(expectsContinue: _request.Headers.Expect.Count > 0);

        var head = connection.Head;
        await ReceiveHeadAsync(connection, body);
        if (head.Status == 101)
        {
            return await ChangeProtocolAsync(connection);
        }

        var isHead = HttpMethods.IsHead(_request.Method);
        var framing = head.Framing(isHead);
        CopyHead(head, framing, isHead);
        if (framing != BodyFraming.None)
        {
            _hasBodyBegun = true;
            await new ResponseBody(_features.GetRequiredFeature<IHttpResponseBodyFeature>().Writer, connection).CopyAsync(framing);
        }

        return head.Status;
    }

    private async ValueTask ReceiveHeadAsync(UpstreamConnection connection, RequestBody? body)
    {
        var head = connection.Head;
        for (var interim = 0; interim <= MaxInterimAnswers; interim++)
        {
            int length;
            while ((length = head.Parse(connection.Buffered.Span)) == 0)
            {
                if (connection.Buffered.Length >= UpstreamConnection.MaxHeadLength)
                {
                    throw new MalformedResponseException($"its head is longer than {UpstreamConnection.MaxHeadLength} bytes");
                }

                if (await connection.ReceiveAsync() == 0)
                {
                    throw new IOException("The replica closed the connection before it answered.");
                }
            }

            connection.Consume(length);
            if (head.Status is >= 200 || (head.Status == 101 && _isUpgrade))
            {
                return;
            }

            // Kestrel says 100 itself when the body is first read, and has no way to pass other interim answers on.
            if (head.Status == 100)
            {
                body?.Continue();
            }
        }

        throw new MalformedResponseException("it does not get beyond interim answers");
    }

    private void CopyHead(ResponseHead head, BodyFraming framing, bool isHead)
    {
        if (head.IsEventStream)
        {
            HeadAt = _listener.Options.TimeProvider.GetTimestamp();
        }

        _response.StatusCode = head.Status;
        head.CopyTo(_response.Headers);
        if (framing == BodyFraming.Length || (head.ContentLength is not null && (isHead || head.Status is 304 or (>= 200 and not 204))))
        {
            _response.Headers.ContentLength = head.ContentLength;
        }

        if (SetCookie is not null)
        {
            _response.Headers.Append("Set-Cookie", SetCookie);
        }
    }

    private async Task<int> ChangeProtocolAsync(UpstreamConnection connection)
    {
        CopyHead(connection.Head, BodyFraming.None, isHead: false);
        _response.Headers.Upgrade = connection.Head.Upgrade;
        connection.WaitForEver();
        Tunnel = new Tunnel(await _features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync(), connection, _presence);
        return 101;
    }

    /// <summary>The answer is complete: what becomes of the connection?</summary>
    private async ValueTask FinishAsync(UpstreamConnection connection, RequestBody? body)
    {
        var framing = connection.Head.Framing(HttpMethods.IsHead(_request.Method));
        var isReusable = connection.Head.KeepsAlive && framing != BodyFraming.UntilClose;
        _presence.Detach();
        if (body is not null)
        {
            if (!body.HasEnded)
            {
                // An answer before the request's end is final; the rest of the request is nobody's concern.
                connection.Abort(AbortReason.Finished);
            }

            isReusable &= await body.StopAsync() == BodyEnd.Complete;
        }

        if (isReusable)
        {
            connection.Pool.Return(connection);
        }
        else
        {
            connection.Pool.Close(connection);
        }
    }

    private int? Fail(AbortReason aborted, BodyEnd bodyEnd, Exception exception)
    {
        if (_presence.IsGone || bodyEnd == BodyEnd.ClientFailed || aborted == AbortReason.Client)
        {
            if (bodyEnd == BodyEnd.ClientFailed && !_response.HasStarted && !_presence.IsGone)
            {
                Refuse(400, "Bad request", "The request's body could not be read to its end.");
            }
            else
            {
                _features.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort();
            }

            return null;
        }

        _listener.Logger.Unanswered(_route.Revision.Name, exception.Message);
        if (_response.HasStarted || _hasBodyBegun)
        {
            // The client must not take a part for the whole.
            _features.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort();
            return 0;
        }

        return aborted switch
        {
            AbortReason.Timeout => Refuse(504, "Replica does not answer", "The replica did not answer in time."),
            AbortReason.Drain =>
                Refuse(503, "Revision is gone", "The revision was taken out of service before it answered."),
            _ => Refuse(502, "Replica failed", "The replica broke off, or its answer is not HTTP."),
        };
    }

    private int Refuse(int status, string title, string detail)
    {
        _response.Headers.Clear();
        if (SetCookie is not null)
        {
            _response.Headers.Append("Set-Cookie", SetCookie);
        }

        Problem.Answer(_features, status, title, detail);
        return status;
    }
}
