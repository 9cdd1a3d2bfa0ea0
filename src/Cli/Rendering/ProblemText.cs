using System.Text;
using Sluice.Api.Http;
using Sluice.Domain.Plans;

namespace Sluice.Cli.Rendering;

/// <summary>Errors as people read them.</summary>
public static class ProblemText
{
    /// <summary>A server's problem: title, detail, every fault with its place.</summary>
    public static string Of(Problem problem)
    {
        var text = new StringBuilder(problem.Title);
        if (problem.Detail is not null && problem.Faults is not { Count: 1 })
        {
            text.Append(' ').Append(problem.Detail);
        }

        foreach (var fault in problem.Faults ?? [])
        {
            text.AppendLine().Append("  ").Append(Of(fault));
        }

        return text.ToString();
    }

    /// <summary>A fault as compilers print it; what has no place is printed without.</summary>
    public static string Of(PlanFault fault, string file = "")
    {
        var place = fault.Line > 0 ? $"{fault.Line}:{fault.Column} " : "";
        var path = fault.Path.Length > 0 ? fault.Path + ": " : "";
        var prefix = file.Length > 0 ? file + (place.Length > 0 ? ":" : ": ") : "";
        return prefix + place + path + fault.Message + (fault.Suggestion is null ? "" : $" ({fault.Suggestion})");
    }
}
