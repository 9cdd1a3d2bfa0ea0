using System.Globalization;

namespace Sluice.Domain;

/// <summary>
/// PostgreSQL addresses as people and platforms write them: <c>postgres://user:password@host:5432/database?sslmode=require</c>
/// (the URI form of PostgreSQL's manual, section 34.1.1.2, with one host), translated to the keyword form that drivers read.
/// </summary>
public static class PostgresUrl
{
    private static readonly string[] Schemes = ["postgres://", "postgresql://"];

    private static readonly Dictionary<string, string> Parameters = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["options"] = "Options",
        ["search_path"] = "Search Path",
        ["target_session_attrs"] = "Target Session Attributes",
        ["host"] = "Host",
    };

    /// <summary>Whether the text begins as such a URL.</summary>
    public static bool IsUrl(string text) => Schemes.Any(s => text.StartsWith(s, StringComparison.OrdinalIgnoreCase));

    /// <summary>Takes a URL apart into a driver's keywords: <c>Host</c>, <c>Port</c>, <c>Database</c>, <c>Username</c>, <c>Password</c> …</summary>
    /// <param name="text">The URL; a secret.</param>
    /// <param name="keywords">Values by keyword when true is returned, else empty.</param>
    /// <param name="fault">What is wrong with the URL, without any of its values; empty when true is returned.</param>
    public static bool TryParse(string text, out IReadOnlyDictionary<string, string> keywords, out string fault)
    {
        keywords = new Dictionary<string, string>();
        if (!IsUrl(text) || !Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            fault = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE; @, / and # in the password are written %40, %2F and %23";
            return false;
        }

        var values = new Dictionary<string, string>();
        if (uri.Host.Length > 0)
        {
            values["Host"] = uri.Host.Trim('[', ']');
        }

        if (uri.Port > 0)
        {
            values["Port"] = uri.Port.ToString(CultureInfo.InvariantCulture);
        }

        if (uri.AbsolutePath.Length > 1)
        {
            values["Database"] = Uri.UnescapeDataString(uri.AbsolutePath[1..]);
        }

        var colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
        var user = colon < 0 ? uri.UserInfo : uri.UserInfo[..colon];
        if (user.Length > 0)
        {
            values["Username"] = Uri.UnescapeDataString(user);
        }

        if (colon >= 0)
        {
            values["Password"] = Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = Uri.UnescapeDataString(equals < 0 ? pair : pair[..equals]);
            if (equals < 0 || !Parameters.TryGetValue(name, out var keyword))
            {
                fault = $"the parameter '{name}' is not known; known are {string.Join(", ", Parameters.Keys)}";
                return false;
            }

            var value = Uri.UnescapeDataString(pair[(equals + 1)..]);
            values[keyword] = keyword == "SSL Mode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        if (!values.ContainsKey("Host"))
        {
            fault = "the host is missing: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE";
            return false;
        }

        keywords = values;
        fault = "";
        return true;
    }
}
