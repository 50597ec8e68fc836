package hubspot

import (
	"net/http"
	"slices"
)

// Pipeline is a pipeline of deals or tickets.
type Pipeline struct {
	ID, Label string
	Stages    []Stage
}

// Stage is a stage of a pipeline. Its metadata are strings, numbers and booleans
// included.
type Stage struct {
	ID, Label string
	Metadata  map[string]string
}

// SetPipelines replaces the pipelines of deals or tickets, and the options of the
// properties for pipelines and stages.
func (p *Portal) SetPipelines(objectType string, pipelines ...Pipeline) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := mustKind(objectType)
	p.pipes[k] = pipelines
	var ids, stages []string
	for _, pipeline := range pipelines {
		ids = append(ids, pipeline.ID)
		for _, stage := range pipeline.Stages {
			stages = append(stages, stage.ID)
		}
	}
	for name, options := range map[string][]string{"pipeline": ids, "hs_pipeline": ids, "dealstage": stages, "hs_pipeline_stage": stages} {
		if field := p.field(k, name); field != nil {
			field.Options = options
		}
	}
}

func (s Stage) body(order int) map[string]any {
	return map[string]any{
		"id": s.ID, "label": s.Label, "displayOrder": order, "metadata": s.Metadata, "archived": false,
		"createdAt": "1970-01-01T00:00:00Z", "updatedAt": "1970-01-01T00:00:00Z", "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
	}
}

func (p Pipeline) stages() []any {
	list := []any{}
	for i, stage := range p.Stages {
		list = append(list, stage.body(i))
	}
	return list
}

func (p Pipeline) body(order int) map[string]any {
	return map[string]any{
		"id": p.ID, "label": p.Label, "displayOrder": order, "archived": false, "stages": p.stages(),
		"createdAt": "1970-01-01T00:00:00Z", "updatedAt": "1970-01-01T00:00:00Z",
	}
}

func (s *Server) listPipelines(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	results := []any{}
	for i, pipeline := range c.pipes[c.kind] {
		results = append(results, pipeline.body(i))
	}
	writeJSON(w, http.StatusOK, map[string]any{"results": results})
	return nil
}

// pipeline finds the pipeline of a path. The mutex is held.
func (c *call) pipeline() (Pipeline, int, error) {
	i := slices.IndexFunc(c.pipes[c.kind], func(p Pipeline) bool { return p.ID == c.PathValue("id") })
	if i < 0 {
		return Pipeline{}, 0, notFound("resource not found")
	}
	return c.pipes[c.kind][i], i, nil
}

func (s *Server) readPipeline(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	pipeline, i, err := c.pipeline()
	if err == nil {
		writeJSON(w, http.StatusOK, pipeline.body(i))
	}
	return err
}

func (s *Server) listStages(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	pipeline, _, err := c.pipeline()
	if err == nil {
		writeJSON(w, http.StatusOK, map[string]any{"results": pipeline.stages()})
	}
	return err
}
