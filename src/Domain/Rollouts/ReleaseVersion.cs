using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Domain.Rollouts;

/// <summary>
/// A semantic version tag, <c>v</c> or not: <c>v0.1.0</c>, <c>1.2.0-rc.1</c>, <c>v2.0.0-beta</c>. Ordered as Semantic Versioning 2.0.0 §11
/// says; build metadata (<c>+…</c>) is not taken, because two releases could not be told apart.
/// </summary>
public sealed partial class ReleaseVersion
{
    /// <summary>Longest tag taken, characters.</summary>
    public const int MaxLength = 64;

    private readonly IReadOnlyList<string> _prerelease;

    private ReleaseVersion(string tag, long major, long minor, long patch, IReadOnlyList<string> prerelease)
    {
        Tag = tag;
        Major = major;
        Minor = minor;
        Patch = patch;
        _prerelease = prerelease;
    }

    /// <summary>As written.</summary>
    public string Tag { get; }

    /// <summary>First number.</summary>
    public long Major { get; }

    /// <summary>Second number.</summary>
    public long Minor { get; }

    /// <summary>Third number.</summary>
    public long Patch { get; }

    /// <summary>Whether it is marked <c>-rc.1</c>, <c>-beta</c> or the like.</summary>
    public bool IsPrerelease => _prerelease.Count > 0;

    /// <summary>Reads a tag.</summary>
    /// <returns>The version, or null with what was expected.</returns>
    public static ReleaseVersion? Parse(string? text, out string? fault)
    {
        fault = null;
        if (text is { Length: > 0 and <= MaxLength } && Pattern().Match(text) is { Success: true } match)
        {
            var prerelease = match.Groups["pre"].Value;
            return new ReleaseVersion(
                text, Number(match, "major"), Number(match, "minor"), Number(match, "patch"), prerelease.Length == 0 ? [] : prerelease.Split('.'));
        }

        fault = $"Expected a semantic version tag such as v0.1.0, 1.2.0-rc.1 or v2.0.0-beta, of at most {MaxLength} characters, found '{Shorten(text)}'.";
        return null;
    }

    /// <summary>Whether this one comes after another.</summary>
    public bool IsNewerThan(ReleaseVersion other)
    {
        var numbers = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        if (numbers != 0 || IsPrerelease != other.IsPrerelease)
        {
            return numbers > 0 || (numbers == 0 && other.IsPrerelease);
        }

        for (var i = 0; i < Math.Min(_prerelease.Count, other._prerelease.Count); i++)
        {
            if (ComparePart(_prerelease[i], other._prerelease[i]) is not 0 and var difference)
            {
                return difference > 0;
            }
        }

        return _prerelease.Count > other._prerelease.Count;
    }

    /// <inheritdoc/>
    public override string ToString() => Tag;

    private static int ComparePart(string left, string right)
    {
        var leftIsNumber = left.All(char.IsAsciiDigit);
        var rightIsNumber = right.All(char.IsAsciiDigit);
        return leftIsNumber && rightIsNumber && left.Length != right.Length ? left.Length - right.Length
            : leftIsNumber != rightIsNumber ? (leftIsNumber ? -1 : 1)
            : string.CompareOrdinal(left, right);
    }

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Shorten(string? text) => text is null ? "" : text.Length > 40 ? $"{text[..40]}…" : text;

    [GeneratedRegex(
        @"^v?(?<major>0|[1-9][0-9]{0,8})\.(?<minor>0|[1-9][0-9]{0,8})\.(?<patch>0|[1-9][0-9]{0,8})(-(?<pre>(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
