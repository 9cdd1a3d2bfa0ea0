using System.Security.Cryptography;
using System.Text;
using Sluice.Catalog.Cache;

namespace Sluice.CatalogApi;

/// <summary>What the holder of the admin key may do. Without a configured key nobody may.</summary>
internal sealed class AdminEndpoints(
    ApiSettings settings, ResponseCache cache, SharedCache? shared, Generation generation, TimeProvider time, ILogger log)
{
    private const string Scheme = "Bearer ";

    // Hashes are compared: equal length whatever came, and time that tells nothing about the key.
    private readonly byte[]? _keyHash = settings.AdminKey is { } key ? Hash(key) : null;

    public async Task RefreshCacheAsync(HttpContext http)
    {
        if (_keyHash is null)
        {
            await Problem.WriteAsync(
                http, StatusCodes.Status503ServiceUnavailable, "Admin endpoints are shut: the service was started without ADMIN_KEY.");
            return;
        }

        string? authorization = http.Request.Headers.Authorization;
        if (authorization is null ||
            !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ||
            !CryptographicOperations.FixedTimeEquals(Hash(authorization[Scheme.Length..].Trim()), _keyHash))
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            await Problem.WriteAsync(http, StatusCodes.Status401Unauthorized, "The admin key is needed: Authorization: Bearer KEY.");
            return;
        }

        var everywhere = await RefreshSharedAsync();
        var dropped = cache.Refresh();
        generation.Expire();
        log.CacheRefreshed(dropped);
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsJsonAsync(
            new CacheRefreshed(Timestamps.Text(time.GetUtcNow()), dropped, everywhere),
            ApiJson.Wire.CacheRefreshed,
            cancellationToken: http.RequestAborted);
    }

    // Another generation: the other replicas' answers are old as well, a few seconds later.
    private async Task<bool> RefreshSharedAsync()
    {
        if (shared is null)
        {
            return false;
        }

        try
        {
            await shared.WriteGenerationAsync($"refresh-{Guid.NewGuid():N}", CancellationToken.None);
            return true;
        }
        catch (RedisException)
        {
            // Told in the log by the cache itself.
            return false;
        }
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>What a refresh did.</summary>
/// <param name="RefreshedAt">When.</param>
/// <param name="Dropped">Answers that this process had kept until then.</param>
/// <param name="Everywhere">Whether the other replicas drop theirs, which takes Redis.</param>
internal sealed record CacheRefreshed(string RefreshedAt, int Dropped, bool Everywhere);
