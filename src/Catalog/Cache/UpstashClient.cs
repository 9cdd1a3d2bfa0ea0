using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Sluice.Catalog.Cache;

/// <summary>
/// Redis over Upstash's REST interface (upstash.com/docs/redis/features/restapi): a command is a JSON array in a POST, its reply
/// <c>{"result": …}</c> or <c>{"error": "…"}</c>.
/// </summary>
internal sealed class UpstashClient : IRedis
{
    // As the other client has it.
    private const int MostBytes = 16 * 1024 * 1024;
    private readonly HttpClient _client;
    private readonly RedisAddress.Upstash _address;

    public UpstashClient(RedisAddress.Upstash address)
    {
        _address = address;
        // The token is for one host only.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MostBytes };
    }

    public string Place => _address.ToString();

    public async Task<string?> SendAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address.Url)
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(command, CatalogJson.Default.IReadOnlyListString)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _address.Token);
        try
        {
            using var answer = await _client.SendAsync(request, cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            return Read((int)answer.StatusCode, body);
        }
        catch (HttpRequestException e)
        {
            throw new RedisException($"{Place} does not answer: {e.Message.TrimEnd('.')}.", e);
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private string? Read(int status, byte[] body)
    {
        JsonElement root;
        try
        {
            root = JsonElement.Parse(body);
        }
        catch (JsonException e)
        {
            throw new RedisException($"{Place} answered {status} with something that is not JSON; is UPSTASH_REDIS_REST_URL right?", e);
        }

        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error))
        {
            throw new RedisException($"{Place} refuses ({status}): {error}{(status is 401 or 403 ? "; is UPSTASH_REDIS_REST_TOKEN right?" : "")}");
        }

        if (status != 200 || root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("result", out var result))
        {
            throw new RedisException($"{Place} answered {status} without a result: {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 80)))}");
        }

        return result.ValueKind == JsonValueKind.Null ? null : result.ToString();
    }
}
