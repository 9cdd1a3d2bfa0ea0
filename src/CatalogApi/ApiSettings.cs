using System.Reflection;
using Sluice.Catalog.Cache;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary>What the environment asks of this process.</summary>
/// <param name="Port">Loopback port to listen on; 0 takes a free one.</param>
/// <param name="Database">Where the catalogue lives.</param>
/// <param name="Version">The release that <c>/health</c> reports.</param>
/// <param name="AdminKey">Opens the admin endpoints; null keeps them shut.</param>
/// <param name="Faults">How this process misbehaves on purpose.</param>
internal sealed record ApiSettings(int Port, DatabaseAddress Database, string Version, string? AdminKey, FaultSettings Faults)
{
    /// <summary>Where answers are shared; null keeps them in this process.</summary>
    public RedisAddress? Redis { get; init; }

    /// <summary>A list that no sync found good for so long makes the service degraded; null for never.</summary>
    public TimeSpan? StaleAfter { get; init; } = TimeSpan.FromHours(DefaultStaleHours);

    /// <summary>How long answers are kept when nothing changes.</summary>
    public TimeSpan CacheLifetime { get; init; } = TimeSpan.FromSeconds(DefaultCacheSeconds);

    /// <summary>What the log leaves out: everything below.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    private const int DefaultCacheSeconds = 3_600;

    // Prices are synced every six hours, and a run may be late by two.
    private const int DefaultStaleHours = 8;
    private const int DefaultPort = 5080;
    private const int ShortestAdminKey = 16;
    private const int LongestVersion = 128;

    /// <summary>Reads settings; a variable that is empty counts as absent.</summary>
    /// <param name="variable">The environment: a value by name, null when absent.</param>
    /// <exception cref="SettingsException">Every fault at once, without any secret.</exception>
    public static ApiSettings Read(Func<string, string?> variable)
    {
        var values = new SettingsReader(variable);
        var settings = new ApiSettings(
            values.Integer("PORT", DefaultPort, 0, 65535),
            ReadDatabase(values),
            ReadVersion(values),
            ReadAdminKey(values),
            FaultSettings.Read(values))
        {
            Redis = ReadRedis(values),
            CacheLifetime = TimeSpan.FromSeconds(values.Integer("CACHE_SECONDS", DefaultCacheSeconds, 1, 86_400)),
            LogLevel = values.Word("LOG_LEVEL", LogLevel.Information),
            StaleAfter = values.Integer("STALE_AFTER_HOURS", DefaultStaleHours, 0, 24 * 366) is > 0 and var hours ? TimeSpan.FromHours(hours) : null,
        };
        return values.Faults.Count == 0 ? settings : throw new SettingsException(values.Faults);
    }

    private static DatabaseAddress ReadDatabase(SettingsReader values)
    {
        var url = values.Text("DATABASE_URL");
        if (url is null)
        {
            return values.Text("DATA_DIR") is { } folder
                ? new DatabaseAddress.SqliteFile(Path.GetFullPath(Path.Combine(folder, "catalog.db")))
                : new DatabaseAddress.SqliteMemory();
        }

        try
        {
            return DatabaseAddress.Parse(url);
        }
        catch (FormatException e)
        {
            // The value may hold a password, so it is not repeated.
            values.Refuse("DATABASE_URL", e.Message);
            return new DatabaseAddress.SqliteMemory();
        }
    }

    private static RedisAddress? ReadRedis(SettingsReader values)
    {
        var faults = new List<(string Name, string Expected)>();
        var address = RedisAddress.Read(values.Text, faults);
        foreach (var (name, expected) in faults)
        {
            values.Refuse(name, $"expected {expected}");
        }

        return address;
    }

    private static string ReadVersion(SettingsReader values)
    {
        foreach (var name in (ReadOnlySpan<string>)["VERSION", "APP_VERSION", "RELEASE_VERSION", "SLUICE_VERSION"])
        {
            if (values.Text(name) is { } version)
            {
                if (version.Length > LongestVersion || version.Any(char.IsControl))
                {
                    values.Refuse(name, $"expected at most {LongestVersion} printable characters, such as v1.2.3");
                }

                return version;
            }
        }

        var built = typeof(ApiSettings).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!;
        return built.InformationalVersion.Split('+')[0];
    }

    private static string? ReadAdminKey(SettingsReader values)
    {
        var key = values.Text("ADMIN_KEY");
        if (key is { Length: < ShortestAdminKey })
        {
            values.Refuse("ADMIN_KEY", $"expected at least {ShortestAdminKey} characters; a shorter key can be guessed");
        }

        return key;
    }
}
