using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Http;

/// <summary>Requests to a probe endpoint: its headers on each, no redirect followed, no cookie kept.</summary>
internal static class ProbeClient
{
    private const int MaxBody = 4 * 1024 * 1024;

    /// <summary>A client for one run; its connections end with it.</summary>
    public static HttpClient Create(ProbeEndpoint endpoint, int connections) => new(new SocketsHttpHandler
    {
        // A redirect is the answer: following it would carry the probe's token to wherever it points.
        AllowAutoRedirect = false,
        UseCookies = false,
        // No proxy stands between two programs of one machine.
        UseProxy = !endpoint.BaseAddress.IsLoopback,
        MaxConnectionsPerServer = connections,
        ConnectTimeout = TimeSpan.FromSeconds(10),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxBody,
    };

    /// <summary>A request to a path of the endpoint.</summary>
    /// <exception cref="PlatformException"><c>Invalid</c>: the path is not an absolute one of this host.</exception>
    public static HttpRequestMessage Request(ProbeEndpoint endpoint, HttpMethod method, string path)
    {
        if (!path.StartsWith('/') || !Uri.TryCreate(endpoint.BaseAddress.GetLeftPart(UriPartial.Authority) + path, UriKind.Absolute, out var uri))
        {
            throw new PlatformException(PlatformError.Invalid, $"'{path}' is no path: expected one that begins with /, such as /health.");
        }

        var request = new HttpRequestMessage(method, uri);
        foreach (var (name, value) in endpoint.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}
