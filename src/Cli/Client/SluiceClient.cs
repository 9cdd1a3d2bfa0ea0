using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Sluice.Api.Http;

namespace Sluice.Cli.Client;

/// <summary>Speaks to a server. Answers are the API's own records.</summary>
public sealed class SluiceClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Connection _connection;

    /// <summary>A client for one server.</summary>
    public SluiceClient(Connection connection)
    {
        _connection = connection;
        _http = new HttpClient { BaseAddress = connection.Url, Timeout = TimeSpan.FromSeconds(100) };
        if (connection.Key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", connection.Key);
        }

        if (connection.FunctionsKey is not null)
        {
            _http.DefaultRequestHeaders.TryAddWithoutValidation("x-functions-key", connection.FunctionsKey);
        }
    }

    /// <summary>Where it speaks to.</summary>
    public Uri Url => _connection.Url;

    /// <summary>Reads.</summary>
    /// <exception cref="RefusedException">The server said no.</exception>
    /// <exception cref="UnreachableException">No server answers.</exception>
    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        SendAsync<T>(new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/json") } } }, cancellationToken);

    /// <summary>Tells.</summary>
    /// <exception cref="RefusedException">The server said no.</exception>
    /// <exception cref="UnreachableException">No server answers.</exception>
    public Task<T> PostAsync<T>(string path, object? body, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (body is not null)
        {
            request.Content = JsonContent.Create(body, body.GetType(), options: ApiJson.Options);
        }

        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        return SendAsync<T>(request, cancellationToken);
    }

    /// <summary>Removes.</summary>
    /// <exception cref="RefusedException">The server said no.</exception>
    /// <exception cref="UnreachableException">No server answers.</exception>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        await SendAsync<object?>(new HttpRequestMessage(HttpMethod.Delete, path), cancellationToken);

    /// <summary>Follows server-sent events until the server ends them.</summary>
    public async IAsyncEnumerable<(string Type, string Data)> FollowAsync(
        string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream);
        var type = "message";
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                type = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                if (type == "end")
                {
                    yield break;
                }

                yield return (type, line[6..]);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NoContent)
            {
                return default!;
            }

            var answer = await response.Content.ReadAsStreamAsync(cancellationToken);
            return (await JsonSerializer.DeserializeAsync<T>(answer, ApiJson.Options, cancellationToken))!;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, completion, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new UnreachableException(_connection.Url, e.InnerException?.Message ?? e.Message);
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UnreachableException(_connection.Url, $"no answer within {_http.Timeout.TotalSeconds} s");
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new RefusedException(await ReadProblemAsync(response, cancellationToken));
        }
    }

    // The Functions host refuses without a body, before a request gets to Sluice.
    private static string Advice(HttpStatusCode status) => status == HttpStatusCode.Unauthorized
        ? "Is this the right address? A server on Azure wants a function key besides its own: set SLUICE_FUNCTIONS_KEY."
        : "Is this the right address?";

    private async Task<Problem> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType == Problem.ContentType)
        {
            var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var problem = await JsonSerializer.DeserializeAsync<Problem>(body, ApiJson.Options, cancellationToken);
            if (problem is { Status: 401 } && _connection.Key is null)
            {
                return problem with { Detail = "No key was found: give --key-file, set SLUICE_KEY, or --data for a server on this machine." };
            }

            if (problem is not null)
            {
                return problem;
            }
        }

        return Problem.Of((int)response.StatusCode, "not-sluice", $"{_connection.Url} answered {(int)response.StatusCode}, and not as Sluice does.", Advice(response.StatusCode));
    }
}

/// <summary>The server said no.</summary>
public sealed class RefusedException(Problem problem) : Exception(problem.Detail ?? problem.Title)
{
    /// <summary>What it said.</summary>
    public Problem Problem { get; } = problem;
}

/// <summary>No server answers.</summary>
public sealed class UnreachableException(Uri url, string reason)
    : Exception($"No server answers at {url.GetLeftPart(UriPartial.Authority)} ({reason}). Start one with `sluice serve`, or name another with --url or SLUICE_URL.");
