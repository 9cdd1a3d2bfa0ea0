using System.Runtime.CompilerServices;

namespace Sluice.Durable;

/// <summary>
/// A value that nobody changes once it is made, and that reads back as it was written. What one part of a process writes and another reads in
/// the same moment is then not read at all. For what is large and frequent.
/// </summary>
public interface IUnchanging;

/// <summary>
/// The values that were written last, by the very string they were written as. Each is handed over once; whatever comes later, or from a
/// store, is read.
/// </summary>
internal static class Handover
{
    private const int Places = 64;

    private static readonly Written?[] Lately = new Written?[Places];

    public static void Keep(string json, IUnchanging value) => Volatile.Write(ref Place(json), new Written(json, value));

    /// <summary>The value; null when it is to be read.</summary>
    public static IUnchanging? Take(string json)
    {
        ref var place = ref Place(json);
        if (Volatile.Read(ref place) is not { } written || !ReferenceEquals(written.Json, json))
        {
            return null;
        }

        Volatile.Write(ref place, null);
        return written.Value;
    }

    private static ref Written? Place(string json) => ref Lately[(uint)RuntimeHelpers.GetHashCode(json) % Places];

    private sealed record Written(string Json, IUnchanging Value);
}
