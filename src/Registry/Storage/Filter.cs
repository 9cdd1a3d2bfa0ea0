namespace Sluice.Registry.Storage;

/// <summary>A WHERE clause of the conditions that apply; values are always parameters.</summary>
internal sealed class Filter
{
    private readonly List<string> _conditions = [];

    /// <summary>A pattern that finds the text anywhere, its own wildcards taken literally; the escape character is the backslash.</summary>
    public static string Containing(string text) =>
        $"%{string.Concat(text.Select(c => c is '%' or '_' or '\\' ? $@"\{c}" : c.ToString()))}%";

    public Filter And(bool applies, string condition)
    {
        if (applies)
        {
            _conditions.Add(condition);
        }

        return this;
    }

    public override string ToString() => _conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", _conditions);
}
