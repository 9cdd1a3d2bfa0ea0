using System.Security.Cryptography;
using System.Text;

namespace Sluice.CatalogApi;

/// <summary>What the holder of the admin key may do. Without a configured key nobody may.</summary>
internal sealed class AdminEndpoints(ApiSettings settings, ResponseCache cache, TimeProvider time, ILogger log)
{
    private const string Scheme = "Bearer ";

    // Hashes are compared: equal length whatever came, and time that tells nothing about the key.
    private readonly byte[]? _keyHash = settings.AdminKey is { } key ? Hash(key) : null;

    public Task RefreshCacheAsync(HttpContext http)
    {
        if (_keyHash is null)
        {
            return Problem.WriteAsync(
                http, StatusCodes.Status503ServiceUnavailable, "Admin endpoints are shut: the service was started without ADMIN_KEY.");
        }

        string? authorization = http.Request.Headers.Authorization;
        if (authorization is null ||
            !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ||
            !CryptographicOperations.FixedTimeEquals(Hash(authorization[Scheme.Length..].Trim()), _keyHash))
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            return Problem.WriteAsync(http, StatusCodes.Status401Unauthorized, "The admin key is needed: Authorization: Bearer KEY.");
        }

        var dropped = cache.Refresh();
        log.CacheRefreshed(dropped);
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsJsonAsync(
            new CacheRefreshed(time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ"), dropped),
            ApiJson.Wire.CacheRefreshed,
            cancellationToken: http.RequestAborted);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>What a refresh did.</summary>
/// <param name="RefreshedAt">When.</param>
/// <param name="Dropped">Answers that were kept until then.</param>
internal sealed record CacheRefreshed(string RefreshedAt, int Dropped);
