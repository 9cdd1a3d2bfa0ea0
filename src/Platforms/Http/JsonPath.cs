using System.Globalization;
using System.Text.Json;

namespace Sluice.Platforms.Http;

/// <summary>
/// The part of JSONPath (RFC 9535) that names one value: <c>$</c>, then <c>.name</c>, <c>['any name']</c> or <c>[0]</c>; a negative index
/// counts from the end.
/// </summary>
internal static class JsonPath
{
    /// <summary>Finds the value; false when there is none, or the path is not of this form.</summary>
    public static bool TryFind(JsonElement root, string path, out JsonElement found)
    {
        found = root;
        if (!path.StartsWith('$'))
        {
            return false;
        }

        var rest = path.AsSpan(1);
        while (rest.Length > 0)
        {
            if (rest[0] == '.')
            {
                var end = rest[1..].IndexOfAny('.', '[');
                var name = end < 0 ? rest[1..] : rest[1..(end + 1)];
                rest = rest[(name.Length + 1)..];
                if (name.IsEmpty || !Member(ref found, name))
                {
                    return false;
                }
            }
            else if (rest.StartsWith("['"))
            {
                var end = rest.IndexOf("']", StringComparison.Ordinal);
                if (end < 0 || !Member(ref found, rest[2..end]))
                {
                    return false;
                }

                rest = rest[(end + 2)..];
            }
            else
            {
                var end = rest.IndexOf(']');
                if (rest[0] != '[' || end < 0
                    || !int.TryParse(rest[1..end], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)
                    || !Item(ref found, index))
                {
                    return false;
                }

                rest = rest[(end + 1)..];
            }
        }

        return true;
    }

    private static bool Member(ref JsonElement value, ReadOnlySpan<char> name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out value);

    private static bool Item(ref JsonElement value, int index)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        var length = value.GetArrayLength();
        var at = index < 0 ? length + index : index;
        if (at < 0 || at >= length)
        {
            return false;
        }

        value = value[at];
        return true;
    }
}
