using System.Data.Common;

namespace Sluice.Catalog.Store;

/// <summary>The columns of a <see cref="Pricing"/>, the same in every table that has prices.</summary>
internal static class PriceColumns
{
    /// <summary>Kind and currency, then the prices, in the order of every statement.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "price_kind", "currency", "input", "output", "cache_read", "cache_write", "reasoning", "audio_in", "audio_out", "image_in", "image_out",
        "per_request", "per_web_search",
    ];

    /// <summary>The columns, each with a prefix.</summary>
    public static string List(string prefix = "") => string.Join(", ", Names.Select(name => prefix + name));

    /// <summary>Each column set from the one of the same name.</summary>
    public static string Set(string from) => string.Join(", ", Names.Select(name => $"{name} = {from}{name}"));

    /// <summary>Name and value of each column.</summary>
    public static IEnumerable<(string Name, object? Value)> Values(Pricing price) => Names.Zip<string, object?>(
    [
        price.Kind.ToString().ToLowerInvariant(), price.Currency, price.Input, price.Output, price.CacheRead, price.CacheWrite, price.Reasoning,
        price.AudioIn, price.AudioOut, price.ImageIn, price.ImageOut, price.PerRequest, price.PerWebSearch,
    ]);

    /// <summary>The pricing whose first column is this one.</summary>
    public static Pricing Read(DbDataReader row, int first)
    {
        return new Pricing(
            Enum.Parse<PriceKind>(row.GetString(first), ignoreCase: true),
            At(2),
            At(3),
            At(4),
            At(5),
            At(6),
            At(7),
            At(8),
            At(9),
            At(10),
            At(11),
            At(12),
            row.GetString(first + 1)).Normalize();

        decimal? At(int offset) => row.IsDBNull(first + offset) ? null : row.GetDecimal(first + offset);
    }
}
