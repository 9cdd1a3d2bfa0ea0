using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Catalog.Cache;

/// <summary>Where Redis is. The text form names no user, password or token.</summary>
public abstract record RedisAddress
{
    private const int DefaultPort = 6379;
    private const string UrlVariable = "REDIS_URL";
    private const string AuthorityVariable = "REDIS_CA_FILE";
    private const string UpstashUrlVariable = "UPSTASH_REDIS_REST_URL";
    private const string UpstashTokenVariable = "UPSTASH_REDIS_REST_TOKEN";

    private RedisAddress()
    {
    }

    /// <summary>Every variable that <see cref="Read"/> asks for.</summary>
    public static IReadOnlyList<string> Variables { get; } = [UrlVariable, AuthorityVariable, UpstashUrlVariable, UpstashTokenVariable];

    /// <summary>A server that is spoken to in Redis's own protocol.</summary>
    /// <param name="Host">Name or address.</param>
    /// <param name="Port">TCP port.</param>
    /// <param name="Tls">Whether the connection is encrypted and the server's certificate checked.</param>
    /// <param name="User">Null for the default user.</param>
    /// <param name="Password">Null when none is asked for.</param>
    /// <param name="Database">Number of the database.</param>
    internal sealed record Resp(string Host, int Port, bool Tls, string? User, string? Password, int Database) : RedisAddress
    {
        /// <summary>Whose certificates are believed; null for those that the system believes.</summary>
        public X509Certificate2Collection? Authorities { get; init; }

        /// <inheritdoc/>
        public override string ToString() => $"{(Tls ? "rediss" : "redis")}://{Host}:{Port.ToString(CultureInfo.InvariantCulture)}/{Database.ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>A database of Upstash, spoken to over HTTPS.</summary>
    /// <param name="Url">Its address.</param>
    /// <param name="Token">Sent along.</param>
    internal sealed record Upstash(Uri Url, string Token) : RedisAddress
    {
        /// <inheritdoc/>
        public override string ToString() => Url.GetLeftPart(UriPartial.Authority);
    }

    /// <summary>
    /// Reads <c>REDIS_URL</c> (<c>redis://</c> or, encrypted, <c>rediss://user:password@host:port/database</c>; <c>REDIS_CA_FILE</c> names the
    /// authority of a certificate of one's own), or else <c>UPSTASH_REDIS_REST_URL</c> and <c>UPSTASH_REDIS_REST_TOKEN</c>.
    /// </summary>
    /// <param name="variable">The value of a name; null or empty when it is not set.</param>
    /// <param name="faults">Gains a variable and what was expected of it for each that is wrong. No value is repeated: it may hold a secret.</param>
    /// <returns>Null when none is set, or one is wrong.</returns>
    public static RedisAddress? Read(Func<string, string?> variable, ICollection<(string Name, string Expected)> faults)
    {
        if (Value(UrlVariable) is { } url)
        {
            return ReadUrl(url, Value(AuthorityVariable), faults);
        }

        var (rest, token) = (Value(UpstashUrlVariable), Value(UpstashTokenVariable));
        if (rest is null && token is null)
        {
            return null;
        }

        // The token goes with each request, so only this machine is spoken to in clear text.
        var isGood = Uri.TryCreate(rest, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));
        if (!isGood)
        {
            faults.Add((UpstashUrlVariable, "an https:// address, beside UPSTASH_REDIS_REST_TOKEN"));
        }

        if (token is null)
        {
            faults.Add((UpstashTokenVariable, "the token of UPSTASH_REDIS_REST_URL"));
        }

        return isGood && token is not null ? new Upstash(address!, token) : null;

        string? Value(string name) => variable(name)?.Trim() is { Length: > 0 } text ? text : null;
    }

    /// <summary>The client for this address; nothing is sent before the first command.</summary>
    public IRedis Connect() => this switch
    {
        Resp resp => new RespClient(resp),
        Upstash upstash => new UpstashClient(upstash),
        _ => throw new InvalidOperationException("There is no third kind of address."),
    };

    private static Resp? ReadUrl(string text, string? authorityFile, ICollection<(string Name, string Expected)> faults)
    {
        const string Expected = "rediss://user:password@host:6379/0, or redis:// without encryption; a reserved character in the password must be percent-encoded";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("redis" or "rediss") || url.Host.Length == 0)
        {
            faults.Add((UrlVariable, Expected));
            return null;
        }

        var path = url.AbsolutePath.Trim('/');
        if (!int.TryParse(path.Length == 0 ? "0" : path, NumberStyles.None, CultureInfo.InvariantCulture, out var database))
        {
            faults.Add((UrlVariable, Expected));
            return null;
        }

        var user = url.UserInfo.Split(':', 2);
        var address = new Resp(
            url.IdnHost,
            url.Port > 0 ? url.Port : DefaultPort,
            url.Scheme == "rediss",
            user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            user.Length == 2 && user[1].Length > 0 ? Uri.UnescapeDataString(user[1]) : null,
            database);
        if (authorityFile is null)
        {
            return address;
        }

        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(authorityFile);
            return address with { Authorities = authorities };
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            faults.Add((AuthorityVariable, "a readable PEM file with the certificate of the authority"));
            return null;
        }
    }
}
