using System.Text;
using System.Text.Json;
using Sluice.Durable;

namespace Sluice.Registry.Storage;

/// <summary>How values are written in columns.</summary>
internal static class Stored
{
    /// <summary>Unix milliseconds, cut off.</summary>
    public static long Ms(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    /// <summary>Unix milliseconds, cut off; null for null.</summary>
    public static long? Ms(DateTimeOffset? at) => at?.ToUnixTimeMilliseconds();

    /// <summary>UTC.</summary>
    public static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    /// <summary>UTC; null for null.</summary>
    public static DateTimeOffset? At(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;

    /// <summary>
    /// PostgreSQL keeps neither NUL nor half a surrogate pair in text; a service's last words, cut somewhere, may hold both.
    /// </summary>
    public static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') && !text.Contains('\0', StringComparison.Ordinal))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            clean.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        }

        return clean.ToString();
    }

    public static string Json(IReadOnlyDictionary<string, string> values) =>
        DurableJson.Write(values.ToDictionary(p => Clean(p.Key), p => Clean(p.Value)))!;

    public static string Json(IReadOnlyList<string> values) => DurableJson.Write(values.Select(Clean).ToArray())!;

    /// <summary>Refuses measured values that no baseline can have.</summary>
    /// <exception cref="ArgumentException">One is infinite or no number; says which.</exception>
    public static void RequireFinite(IReadOnlyDictionary<string, double> values)
    {
        var wrong = values.Where(v => !double.IsFinite(v.Value)).Select(v => $"{v.Key} = {v.Value}").ToList();
        if (wrong.Count > 0)
        {
            throw new ArgumentException($"A baseline is a finite number, got {string.Join(", ", wrong)}.", nameof(values));
        }
    }

    public static IReadOnlyDictionary<string, string> Values(string json) => DurableJson.Read<Dictionary<string, string>>(json) ?? [];

    public static IReadOnlyList<string> List(string json) => DurableJson.Read<string[]>(json) ?? [];
}

/// <summary>Enum values as SQL has them: <c>RolledBack</c> is <c>rolled_back</c>.</summary>
internal static class Stored<T>
    where T : struct, Enum
{
    private static readonly Dictionary<T, string> Names =
        Enum.GetValues<T>().ToDictionary(v => v, v => JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()));

    private static readonly Dictionary<string, T> ByName = Names.ToDictionary(p => p.Value, p => p.Key);

    public static string Name(T value) => Names[value];

    public static T Value(string name) => ByName.TryGetValue(name, out var value)
        ? value
        : throw new RegistryException(
            RegistryError.RegistryCorrupt, $"'{name}' is not one of {string.Join(", ", ByName.Keys)}: was the row edited by hand?");
}
