using System.Globalization;
using System.Text.Json;

namespace Sluice.Engine.Kernel;

/// <summary>
/// Where two JSON values differ. A property that only one of them has is no difference: programs of different ages write the same
/// record, and a property that is new (or null, which is not written) must not fail what sleeps through an upgrade.
/// </summary>
/// <param name="Path">Like <c>plan.steps[2].weight</c>; empty for the whole.</param>
/// <param name="Expected">The one value, as JSON.</param>
/// <param name="Actual">The other.</param>
internal sealed record JsonDifference(string Path, string Expected, string Actual)
{
    private const int LongestShown = 60;

    /// <summary>The first difference; null when there is none.</summary>
    public static JsonDifference? Find(string? expected, string? actual)
    {
        if (string.Equals(expected, actual, StringComparison.Ordinal))
        {
            return null;
        }

        using var left = JsonDocument.Parse(expected ?? "null");
        using var right = JsonDocument.Parse(actual ?? "null");
        return Find("", left.RootElement, right.RootElement);
    }

    private static JsonDifference? Find(string path, JsonElement expected, JsonElement actual)
    {
        if (expected.ValueKind == actual.ValueKind)
        {
            switch (expected.ValueKind)
            {
                case JsonValueKind.Object:
                    return FindInObject(path, expected, actual);
                case JsonValueKind.Array when expected.GetArrayLength() == actual.GetArrayLength():
                    return expected.EnumerateArray().Zip(actual.EnumerateArray()).Index()
                        .Select(e => Find(string.Create(CultureInfo.InvariantCulture, $"{path}[{e.Index}]"), e.Item.First, e.Item.Second))
                        .FirstOrDefault(d => d is not null);
                default:
                    break;
            }
        }

        return JsonElement.DeepEquals(expected, actual) ? null : new JsonDifference(path, Shown(expected), Shown(actual));
    }

    private static JsonDifference? FindInObject(string path, JsonElement expected, JsonElement actual)
    {
        foreach (var property in expected.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null
                && actual.TryGetProperty(property.Name, out var value) && value.ValueKind != JsonValueKind.Null
                && Find(path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.Value, value) is { } difference)
            {
                return difference;
            }
        }

        return null;
    }

    private static string Shown(JsonElement value) =>
        value.GetRawText() is var text && text.Length <= LongestShown ? text : text[..LongestShown] + "…";
}
