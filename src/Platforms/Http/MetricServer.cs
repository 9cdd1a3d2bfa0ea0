using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Http;

/// <summary>
/// Asks servers that a plan names. Secrets are resolved for each request and are in nothing that leaves here: an answer or a message that
/// repeats one has stars in its place, and a URL is shown without what follows its path.
/// </summary>
/// <param name="secrets">Where the values come from.</param>
internal sealed class MetricServer(ISecretStore secrets)
{
    private const int MaxAnswer = 4 * 1024 * 1024;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    // Redirects could take a secret to another host.
    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxAnswer,
    };

    /// <summary>Sends a request with the server's headers and credentials.</summary>
    /// <returns>Status and text of the answer, without secrets.</returns>
    /// <exception cref="PlatformException">
    /// <c>Unreachable</c>: no complete answer in time; <c>Invalid</c>: a secret that the plan names does not exist.
    /// </exception>
    public async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpRequestMessage request, HttpAccess access, CancellationToken cancellationToken)
    {
        var hidden = new List<string>();
        var shown = Show(request.RequestUri!);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(access.Timeout + Grace);
        try
        {
            await AuthorizeAsync(request, access, hidden, cancellationToken);
            using var response = await Http.SendAsync(request, late.Token);
            return (response.StatusCode, Mask(await response.Content.ReadAsStringAsync(late.Token), hidden));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PlatformException(PlatformError.Unreachable, $"{shown} did not answer within {Durations.Format(access.Timeout + Grace)}.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new PlatformException(PlatformError.Unreachable, Mask($"{shown} could not be asked: {e.Message}", hidden));
        }
    }

    /// <summary>A URL without user, query and fragment: what is after its path may be a secret.</summary>
    public static string Show(Uri url) => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>The beginning of a text, on one line, for a message.</summary>
    public static string Excerpt(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > 200 ? line[..200] + "…" : line;
    }

    private async Task AuthorizeAsync(HttpRequestMessage request, HttpAccess access, List<string> hidden, CancellationToken cancellationToken)
    {
        foreach (var (name, value) in access.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        foreach (var (name, secret) in access.SecretHeaders)
        {
            request.Headers.TryAddWithoutValidation(name, await SecretAsync(secret));
        }

        if (access.BearerSecret is { } bearer)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await SecretAsync(bearer));
        }
        else if (access is { User: { } user, PasswordSecret: { } password })
        {
            var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{await SecretAsync(password)}"));
            hidden.Add(pair);
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", pair);
        }

        async Task<string> SecretAsync(string name)
        {
            if (await secrets.GetAsync(name, cancellationToken) is not { Length: > 0 } value)
            {
                throw new PlatformException(PlatformError.Invalid, $"There is no secret '{name}', which {Show(request.RequestUri!)} needs.");
            }

            hidden.Add(value);
            return value;
        }
    }

    private static string Mask(string text, List<string> hidden) =>
        hidden.Aggregate(text, (masked, secret) => masked.Replace(secret, "***", StringComparison.Ordinal));
}
