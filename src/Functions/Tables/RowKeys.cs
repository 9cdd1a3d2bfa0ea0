using System.Security.Cryptography;
using System.Text;

namespace Sluice.Functions.Tables;

/// <summary>
/// Partition and row keys. Azure tables find rows by key, order them by key, ascending, and by nothing else: what a list orders by is in
/// its keys. A key has at most 512 characters, none of <c>/ \ # ?</c> and no control character.
/// </summary>
internal static class RowKeys
{
    /// <summary>Ends a text within a key: an escape is always followed by a digit or a letter.</summary>
    private const string End = "^~";

    private const int MaxText = 300;
    private const int MaxGroup = 200;
    private const int MaxOrderedBytes = 80;

    /// <summary>Milliseconds from year 1 to 1970, so that no time is negative.</summary>
    private const long Origin = 62_135_596_800_000;

    /// <summary>The last millisecond of year 9999, counted from year 1.</summary>
    private const long LastTime = 315_537_897_599_999;

    /// <summary>
    /// A text as a key, or part of one: <c>^</c> and two hex digits stand for what a key may not hold, for <c>%</c> (which some proxies
    /// decode twice) and for <c>^</c> itself, so two texts never share a key and a person can read them. A very long text is named by its
    /// hash; its row has it as a property.
    /// </summary>
    public static string Text(string text) => Bounded(Escape(text), text, MaxText);

    /// <summary>Begins the keys of everything that belongs to these names, and of nothing else.</summary>
    public static string Group(params string[] names)
    {
        var group = string.Join(End, names.Select(Escape));
        return Bounded(group, group, MaxGroup) + End;
    }

    /// <summary>The key that follows all keys of a group or of a time: they go on with a digit.</summary>
    public static string Behind(string prefix) => prefix + ':';

    /// <summary>Orders by time, oldest first.</summary>
    public static string Ascending(long unixMs) => (unixMs + Origin).ToString("D15");

    /// <summary>Orders by time, newest first.</summary>
    public static string Descending(long unixMs) => (LastTime - unixMs - Origin).ToString("D15");

    /// <summary>Orders by number, lowest first.</summary>
    public static string Number(long number) => number.ToString("D19");

    /// <summary>Orders by number, highest first.</summary>
    public static string NumberDown(long number) => Number(long.MaxValue - number);

    /// <summary>
    /// Orders ids from last to first, as the databases do within one millisecond: the complement of their bytes. What is beyond the first
    /// bytes only has to differ.
    /// </summary>
    public static string IdDown(string id)
    {
        var bytes = Encoding.UTF8.GetBytes(id);
        var ordered = bytes.Take(MaxOrderedBytes).Select(b => (byte)~b).ToArray();
        return $"{Convert.ToHexStringLower(ordered)}~{(bytes.Length > MaxOrderedBytes ? Tie(id) : "")}";
    }

    /// <summary>Tells rows apart that are equal in everything they are ordered by; always as long.</summary>
    public static string Tie(string text) => Hash(text)[..32];

    private static string Escape(string text)
    {
        if (!text.Any(IsEscaped))
        {
            return text;
        }

        var key = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            _ = IsEscaped(c) ? key.Append('^').Append(((int)c).ToString("X2")) : key.Append(c);
        }

        return key.ToString();
    }

    // Control characters end at U+009F, so two digits are enough.
    private static bool IsEscaped(char c) => c is '/' or '\\' or '#' or '?' or '%' or '^' || char.IsControl(c);

    private static string Bounded(string key, string text, int length) => key.Length <= length ? key : "^^" + Hash(text);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
