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

    private static readonly string[] Kinds = [.. Enum.GetNames<PriceKind>().Select(kind => kind.ToLowerInvariant())];

    /// <summary>The columns, each with a prefix.</summary>
    public static string List(string prefix = "") => string.Join(", ", Names.Select(name => prefix + name));

    /// <summary>Each column set from the one of the same name.</summary>
    public static string Set(string from) => string.Join(", ", Names.Select(name => $"{name} = {from}{name}"));

    /// <summary>The value of each column.</summary>
    public static object?[] Values(Pricing price) =>
    [
        Kinds[(int)price.Kind], price.Currency, price.Input, price.Output, price.CacheRead, price.CacheWrite, price.Reasoning,
        price.AudioIn, price.AudioOut, price.ImageIn, price.ImageOut, price.PerRequest, price.PerWebSearch,
    ];

    /// <summary>Each column as a parameter of a statement.</summary>
    public static IEnumerable<(string Name, object? Value)> Parameters(Pricing price) => Names.Zip(Values(price), (name, value) => ($"@{name}", value));

    /// <summary>The pricing whose first column is this one.</summary>
    /// <exception cref="InvalidDataException">A kind that this program does not know.</exception>
    public static Pricing Read(DbDataReader row, int first)
    {
        var kind = Array.IndexOf(Kinds, row.GetString(first));
        return new Pricing(
            kind >= 0 ? (PriceKind)kind : throw new InvalidDataException($"A price of kind '{row.GetString(first)}' is stored; known are {string.Join(", ", Kinds)}."),
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
