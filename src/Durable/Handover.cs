using System.Runtime.CompilerServices;

namespace Sluice.Durable;

/// <summary>
/// A value that nobody changes once it is made, and that reads back as it was written. What one part of a process writes and another reads in
/// the same moment is then not read at all. For what is large and frequent.
/// </summary>
public interface IUnchanging;

/// <summary>Values by the very string that they were written as, as long as that string lives. What comes from a store is another string.</summary>
internal static class Handover
{
    private static readonly ConditionalWeakTable<string, IUnchanging> Written = [];

    public static void Keep(string json, IUnchanging value) => Written.Add(json, value);

    /// <summary>A string that stands for a value that is not written.</summary>
    public static string StandIn(IUnchanging value)
    {
        var json = string.Concat("\"", value.GetType().Name, "\"");
        Keep(json, value);
        return json;
    }

    /// <summary>The value; null when it is to be read.</summary>
    public static IUnchanging? Of(string json) => Written.TryGetValue(json, out var value) ? value : null;
}
