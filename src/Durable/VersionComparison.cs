namespace Sluice.Durable;

/// <summary>How versions of instances compare on every host.</summary>
public static class VersionComparison
{
    /// <summary>As <see cref="Version"/> where both parse, else ordinally without case; empty sorts before everything.</summary>
    public static int Compare(string left, string right)
    {
        if (left.Length == 0 || right.Length == 0)
        {
            return left.Length.CompareTo(right.Length);
        }

        return Version.TryParse(left, out var a) && Version.TryParse(right, out var b)
            ? a.CompareTo(b)
            : StringComparer.OrdinalIgnoreCase.Compare(left, right);
    }
}
