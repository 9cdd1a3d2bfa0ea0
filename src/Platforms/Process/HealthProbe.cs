using System.Net;

namespace Sluice.Platforms.Process;

/// <summary>Asks a replica for its health, on a new connection each time: what accepts connections no more is not healthy.</summary>
internal sealed class HealthProbe(TimeSpan timeout) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = timeout,
        PooledConnectionLifetime = TimeSpan.Zero,
    })
    {
        Timeout = timeout,
    };

    /// <summary>One probe; a status outside 200 to 299, no answer and a late one are all unhealthy.</summary>
    /// <returns>Whether it is healthy, and what came.</returns>
    public async Task<(bool Healthy, string Evidence)> LookAsync(IPEndPoint replica, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _client.GetAsync(
                new Uri($"http://{replica}{path}"), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return (answer.IsSuccessStatusCode, $"GET {path} answered {(int)answer.StatusCode}");
        }
        catch (HttpRequestException e)
        {
            return (false, $"GET {path} failed: {e.GetBaseException().Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, $"GET {path} did not answer within {timeout.TotalSeconds:0.#} s");
        }
    }

    public void Dispose() => _client.Dispose();
}
