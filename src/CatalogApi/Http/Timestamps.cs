namespace Sluice.CatalogApi;

/// <summary>Moments as every answer writes them.</summary>
internal static class Timestamps
{
    /// <summary>RFC 3339, UTC, milliseconds.</summary>
    public static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
}
