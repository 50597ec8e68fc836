package simulator

func (s *Server) generate(int) {}
