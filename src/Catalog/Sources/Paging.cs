namespace Sluice.Catalog.Sources;

/// <summary>What lists that come in pages share.</summary>
internal static class Paging
{
    /// <summary>The page that a page points to; null after the last.</summary>
    /// <exception cref="SourceException">It is on another host, or there is no end.</exception>
    public static Uri? Next(string source, Uri first, Uri current, string? next, int pagesBefore, int most)
    {
        if (string.IsNullOrEmpty(next))
        {
            return null;
        }

        if (!Uri.TryCreate(current, next, out var url) || url.Scheme != first.Scheme || url.Authority != first.Authority)
        {
            throw new SourceException($"{source} names a next page on another host ({url?.Host ?? "no address"}), which is not followed.");
        }

        return pagesBefore + 1 < most ? url : throw new SourceException($"{source} has no end: {most} pages were read and another is named.");
    }

    /// <summary>The address with these parameters in its query, in place of those of the same name.</summary>
    public static Uri With(this Uri url, params (string Name, object Value)[] parameters)
    {
        var kept = url.Query.TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(pair => parameters.All(parameter => pair.Split('=')[0] != parameter.Name));
        var query = string.Join('&', kept.Concat(parameters.Select(parameter => FormattableString.Invariant($"{parameter.Name}={parameter.Value}"))));
        return new UriBuilder(url) { Query = query }.Uri;
    }
}
