namespace Sluice.Domain.Plans.Compilation;

/// <summary>A part of a plan as written, with its place. Lines and columns count from 1.</summary>
internal abstract record Node(string Path, int Line, int Column)
{
    /// <summary>Text, a number, a truth value or nothing.</summary>
    internal sealed record Scalar(string Path, int Line, int Column, string Text, bool Plain) : Node(Path, Line, Column)
    {
        /// <summary>Whether it says that there is no value.</summary>
        public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
    }

    /// <summary>A list.</summary>
    internal sealed record Sequence(string Path, int Line, int Column, IReadOnlyList<Node> Items) : Node(Path, Line, Column);

    /// <summary>Keys with values.</summary>
    internal sealed record Mapping(string Path, int Line, int Column, IReadOnlyList<Entry> Entries) : Node(Path, Line, Column)
    {
        /// <summary>The value of a key; null when it is absent or says that there is no value.</summary>
        public Node? Find(string key) =>
            Entries.FirstOrDefault(e => e.Key.Text == key)?.Value is { } value && value is not Scalar { IsNull: true } ? value : null;
    }

    /// <summary>One key with its value.</summary>
    internal sealed record Entry(Scalar Key, Node Value);
}
