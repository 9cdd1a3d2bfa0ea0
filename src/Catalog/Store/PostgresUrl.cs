using Npgsql;

namespace Sluice.Catalog.Store;

/// <summary>The URL form of a PostgreSQL address (libpq, "Connection URIs"), which Npgsql does not read.</summary>
internal static class PostgresUrl
{
    /// <exception cref="FormatException">Not such a URL, or a parameter that has no counterpart; the text is not repeated.</exception>
    public static string ToConnectionString(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            throw new FormatException(
                "expected postgres://user:password@host:5432/database; a reserved character in the password must be percent-encoded");
        }

        var builder = new NpgsqlConnectionStringBuilder { Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')) };
        if (url.Host.Length > 0)
        {
            builder.Host = url.Host;
        }

        if (url.Port > 0)
        {
            builder.Port = url.Port;
        }

        var user = url.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length == 2)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            Apply(builder, Uri.UnescapeDataString(parts[0]), parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "");
        }

        return builder.Host is { Length: > 0 } && builder.Database is { Length: > 0 }
            ? builder.ConnectionString
            : throw new FormatException("the host or the database is missing: expected postgres://user:password@host:5432/database");
    }

    private static void Apply(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        switch (name)
        {
            case "host":
                builder.Host = value;
                break;
            case "application_name":
                builder.ApplicationName = value;
                break;
            case "options":
                builder.Options = value;
                break;
            case "sslrootcert":
                builder.RootCertificate = value;
                break;
            case "connect_timeout" when int.TryParse(value, out var seconds) && seconds is >= 0 and <= 1024:
                builder.Timeout = seconds;
                break;
            case "sslmode" when Enum.TryParse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode):
                builder.SslMode = mode;
                break;
            case "channel_binding" when Enum.TryParse<ChannelBinding>(value, ignoreCase: true, out var binding):
                builder.ChannelBinding = binding;
                break;
            default:
                throw new FormatException(
                    $"the parameter {name} or its value is not understood; known are host, application_name, options, sslmode, sslrootcert, channel_binding and connect_timeout");
        }
    }
}
