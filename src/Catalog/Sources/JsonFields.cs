using System.Globalization;
using System.Text.Json;

namespace Sluice.Catalog.Sources;

/// <summary>Fields of a source's row as feeds write them: numbers also as text, nothing also as null or as an empty text.</summary>
internal static class JsonFields
{
    /// <summary>A field that is there and not null.</summary>
    public static JsonElement? Field(this JsonElement row, string name) =>
        row.ValueKind == JsonValueKind.Object && row.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null
            ? value
            : null;

    /// <summary>A text that is not empty.</summary>
    /// <exception cref="FormatException">Something else than text.</exception>
    public static string? Text(this JsonElement row, string name) => row.Field(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString() is { Length: > 0 } text ? text : null,
        { } other => throw Unexpected(name, "text", other),
    };

    /// <summary>A number, exact; as text too, also in scientific notation.</summary>
    /// <exception cref="FormatException">Something that is no number, or none that a decimal holds.</exception>
    public static decimal? Number(this JsonElement row, string name)
    {
        switch (row.Field(name))
        {
            case null:
                return null;
            case { ValueKind: JsonValueKind.Number } value when value.TryGetDecimal(out var number):
                return number;
            case { ValueKind: JsonValueKind.String } value:
                var text = value.GetString()!;
                return text.Length == 0 ? null
                    : decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var read) ? read
                    : throw Unexpected(name, "a number", value);
            case { } other:
                throw Unexpected(name, "a number", other);
        }
    }

    /// <summary>A count above zero: feeds write 0 for what they do not know.</summary>
    /// <exception cref="FormatException">Something that is no whole number that a long holds.</exception>
    public static long? Count(this JsonElement row, string name)
    {
        if (row.Number(name) is not { } number)
        {
            return null;
        }

        return number == decimal.Truncate(number) && number is >= 0 and <= long.MaxValue
            ? number == 0 ? null : (long)number
            : throw Unexpected(name, "a whole number", row.Field(name)!.Value);
    }

    /// <summary>Yes or no.</summary>
    /// <exception cref="FormatException">Something else.</exception>
    public static bool? Flag(this JsonElement row, string name) => row.Field(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Unexpected(name, "true or false", other),
    };

    /// <summary>An object.</summary>
    /// <exception cref="FormatException">Something else.</exception>
    public static JsonElement? Object(this JsonElement row, string name) => row.Field(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => value,
        { } other => throw Unexpected(name, "an object", other),
    };

    /// <summary>The elements of a list; none when it is absent.</summary>
    /// <exception cref="FormatException">Something else.</exception>
    public static IEnumerable<JsonElement> List(this JsonElement row, string name) => row.Field(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } value => value.EnumerateArray(),
        { } other => throw Unexpected(name, "a list", other),
    };

    /// <summary>Texts of a list.</summary>
    /// <exception cref="FormatException">A list of something else.</exception>
    public static IReadOnlyList<string> Texts(this JsonElement row, string name) =>
        [.. row.List(name).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Unexpected(name, "text", item))];

    /// <summary>A text without which the row means nothing.</summary>
    /// <exception cref="FormatException">It is missing, empty or something else.</exception>
    public static string Required(this JsonElement row, string name) =>
        row.Text(name) ?? throw new FormatException($"{name} is missing");

    private static FormatException Unexpected(string name, string expected, JsonElement found)
    {
        var text = found.GetRawText();
        return new FormatException($"{name} must be {expected}, not {(text.Length > 60 ? text[..60] + "…" : text)}");
    }
}
