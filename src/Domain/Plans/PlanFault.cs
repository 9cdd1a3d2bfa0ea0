namespace Sluice.Domain.Plans;

/// <summary>One thing wrong in a plan or a file it names.</summary>
/// <param name="Code">For programs: <c>unknown-key</c>, <c>missing-key</c>, <c>bad-duration</c> …</param>
/// <param name="Path">Where in the tree: <c>steps[3].soak.duration</c>; prefixed with <c>FILE: </c> when not in the plan itself.</param>
/// <param name="Line">Counted from 1; 0 when the fault is of the whole.</param>
/// <param name="Column">Counted from 1; 0 when the fault is of the whole.</param>
/// <param name="Message">What was expected and what came.</param>
/// <param name="Suggestion">What to write instead; null when there is none.</param>
public sealed record PlanFault(string Code, string Path, int Line, int Column, string Message, string? Suggestion = null)
{
    /// <summary>As compilers print it: <c>12:5 steps[3].soak: message (suggestion)</c>.</summary>
    public override string ToString() => $"{Line}:{Column} {Path}: {Message}" + (Suggestion is null ? "" : $" ({Suggestion})");
}

/// <summary>What compiling a bundle gave: a plan, or every fault. Warnings do not prevent a plan.</summary>
/// <param name="Plan">Null when there is a fault.</param>
/// <param name="Faults">All of them.</param>
/// <param name="Warnings">What works but deserves a look.</param>
public sealed record PlanCompilation(Plan? Plan, IReadOnlyList<PlanFault> Faults, IReadOnlyList<PlanFault> Warnings);
