namespace Sluice.Domain.Plans.Compilation;

/// <summary>Collects what is wrong in one file of a bundle, so that all of it is told at once.</summary>
/// <param name="file">Its name; null for the plan itself.</param>
/// <param name="showsValues">False for files that may hold a secret written in the wrong place: no message repeats a value of theirs.</param>
internal sealed class Faults(string? file = null, bool showsValues = true)
{
    private readonly List<PlanFault> _faults = [];
    private readonly List<PlanFault> _warnings = [];

    /// <summary>By place.</summary>
    public IReadOnlyList<PlanFault> All => [.. _faults.OrderBy(f => f.Line).ThenBy(f => f.Column)];

    /// <summary>By place.</summary>
    public IReadOnlyList<PlanFault> Warnings => [.. _warnings.OrderBy(f => f.Line).ThenBy(f => f.Column)];

    /// <summary>Adds a fault at a place.</summary>
    public void Add(string code, Node at, string message, string? suggestion = null) =>
        Add(code, at.Path, at.Line, at.Column, message, suggestion);

    /// <summary>Adds a fault at a place; line 0 is the whole file.</summary>
    public void Add(string code, string path, int line, int column, string message, string? suggestion = null) =>
        _faults.Add(new PlanFault(code, Place(path), line, column, message, suggestion));

    /// <summary>Adds a warning at a place.</summary>
    public void Warn(string code, Node at, string message, string? suggestion = null) =>
        _warnings.Add(new PlanFault(code, Place(at.Path), at.Line, at.Column, message, suggestion));

    /// <summary>Adds a warning about the whole file.</summary>
    public void Warn(string code, string path, string message) => _warnings.Add(new PlanFault(code, Place(path), 0, 0, message));

    /// <summary>What was written, for a message.</summary>
    public string Show(Node node) => node switch
    {
        Node.Mapping => "a mapping",
        Node.Sequence => "a list",
        Node.Scalar { IsNull: true } => "nothing",
        Node.Scalar when !showsValues => "another value",
        Node.Scalar { Text.Length: > 60 } scalar => $"'{scalar.Text[..60]}…'",
        Node.Scalar scalar => $"'{scalar.Text}'",
        _ => "something else",
    };

    private string Place(string path) => file is null ? path : path.Length == 0 ? file : $"{file}: {path}";
}
